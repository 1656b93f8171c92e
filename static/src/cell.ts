/** A code cell on the page. A run replaces what the run before showed place by place, so that nothing flickers or jumps. */

import { type ControlItem, type DisplayItem, failure, type Item, NoteItem, truncated } from "./items.ts";
import { BlockItem, type Containers, LAYOUT_MIME, type LayoutOp, readLayout } from "./layout.ts";
import { Region } from "./region.ts";
import type { Cell as CellMessage, CellStatus, Display, Output } from "./wire.ts";

/** Quicker runs do not dim what they replace: it would only flicker. */
const DIM_AFTER_MS = 300;
/** `clear_output()` waits this long for what comes next, so that a quick run replaces instead of collapsing. */
const CLEAR_AFTER_MS = 100;

export class Cell {
  status: CellStatus = "queued";
  private readonly root = new Region();
  private readonly regions = new Map<string, { container: HTMLElement; region: Region }>();
  private path: string[] = [];
  private card: HTMLElement | null = null;
  private clearOnNext = false;
  private dimTimer: ReturnType<typeof setTimeout> | undefined;
  private clearTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly element: HTMLElement,
    private readonly order: number,
    private readonly containers: Containers,
  ) {
    element.append(this.root.element);
    this.refresh();
  }

  setStatus({ status, error }: CellMessage): void {
    this.status = status;
    this.element.dataset.status = status;
    clearTimeout(this.dimTimer);
    if (status === "running") this.begin();
    if (status === "done") this.finish((item) => item.old, null);
    else if (status === "failed") this.finish((item) => item.old, failure(error));
    else if (status === "upstream-failed") this.finish((item) => item.isOutput, waiting());
    else if (status === "upstream-stopped") this.finish((item) => item.isOutput, null);
    else {
      // What was stopped shows what it came to, and nothing of the run before.
      if (status === "stale") this.finish((item) => item.old, null);
      this.dimTimer = setTimeout(() => this.dim(), DIM_AFTER_MS);
    }
    this.refresh();
  }

  output(message: Output): DisplayItem | null {
    const shown = this.apply(message);
    this.refresh();
    return shown;
  }

  /** Puts the control at this place of the cell, where it may already be. `item` is the control's, wherever it is now. */
  control(item: ControlItem, from: Cell | null): void {
    const region = this.here();
    if (region.has(item)) region.keep(item);
    else {
      from?.release(item);
      item.old = false;
      region.put(item);
    }
    this.refresh();
  }

  remove(item: Item): void {
    for (const region of this.all()) if (region.has(item)) region.remove(item);
    this.refresh();
  }

  /** Forgets everything shown: a new page follows. */
  reset(): void {
    clearTimeout(this.dimTimer);
    this.finish(() => true, null);
    this.status = "queued";
    this.element.dataset.status = "queued";
    this.refresh();
  }

  private begin(): void {
    this.path = [];
    this.clearOnNext = false;
    clearTimeout(this.clearTimer);
    for (const region of this.all()) region.begin();
  }

  private apply(message: Output): DisplayItem | null {
    if (message.op === "clear") this.clear(message.content.wait);
    if (message.op === "clear" || message.op === "update") return null;
    if (message.op === "append" && message.kind !== "stream" && LAYOUT_MIME in message.content.data) {
      this.arrange(readLayout(message.content.data[LAYOUT_MIME]));
      return null;
    }
    if (this.clearOnNext) for (const region of this.all()) region.clear();
    const shown = this.append(message);
    if (this.clearOnNext || this.clearTimer !== undefined) this.purge();
    return shown;
  }

  private append(message: Extract<Output, { op: "append" | "truncated" }>): DisplayItem | null {
    // An author who hides a cell's outputs still wants its controls seen; nothing is drawn for nobody to look at.
    if ("hideOutput" in this.element.dataset) return null;
    const region = this.here();
    if (message.op === "truncated") region.put(new NoteItem(...truncated(message.content.limit_bytes, message.content.rest)));
    else if (message.kind === "stream") region.stream(message.content.name, message.content.text);
    else return show(region.display(), message.content);
    return null;
  }

  private clear(wait: boolean): void {
    this.clearOnNext = wait;
    if (wait) return;
    for (const region of this.all()) region.clear();
    clearTimeout(this.clearTimer);
    this.clearTimer = setTimeout(() => this.purge(), CLEAR_AFTER_MS);
  }

  private purge(): void {
    clearTimeout(this.clearTimer);
    this.clearTimer = undefined;
    this.clearOnNext = false;
    for (const region of this.all()) region.sweep((item) => item.isOutput && item.old);
    this.refresh();
  }

  private arrange(op: LayoutOp | null): void {
    if (!op) console.error("The page does not know this layout.");
    else if (op.op === "enter") this.path.push(op.id);
    else if (op.op === "exit") this.path.splice(Math.max(0, this.path.lastIndexOf(op.id)));
    else {
      const region = this.here();
      const known = region.find((item) => item instanceof BlockItem && item.id === op.id) as BlockItem | undefined;
      const block = known ?? new BlockItem(op.id, this.containers);
      if (known) region.keep(known);
      else region.put(block);
      block.update(op);
    }
  }

  /** The region that output goes to now. A container that is not on the page any more is as if it had not been entered. */
  private here(): Region {
    for (const id of this.path.toReversed()) {
      const container = this.containers.get(id);
      if (!container) continue;
      const known = this.regions.get(id);
      if (known?.container === container) return known.region;
      const region = new Region();
      this.containers.insert(container, region.element, this.order);
      this.regions.set(id, { container, region });
      return region;
    }
    return this.root;
  }

  private all(): Region[] {
    return [this.root, ...[...this.regions.values()].map(({ region }) => region)];
  }

  private release(item: Item): void {
    for (const region of this.all()) region.release(item);
    this.refresh();
  }

  /** The run is over: what is still old goes, and so does what stood in containers that went. */
  private finish(goes: (item: Item) => boolean, card: HTMLElement | null): void {
    this.card?.remove();
    this.card = card;
    if (card) this.element.append(card);
    clearTimeout(this.clearTimer);
    this.clearTimer = undefined;
    for (const region of this.all()) region.sweep(goes);
    for (const [id, { container, region }] of this.regions) {
      if (this.containers.get(id) !== container) region.sweep(() => true);
      if (!region.isEmpty) continue;
      region.element.remove();
      this.regions.delete(id);
    }
    for (const region of this.all()) region.rest();
  }

  private dim(): void {
    for (const region of this.all()) region.dim((item) => item.old || this.status !== "running");
    this.card?.classList.add("ka-dim");
  }

  private refresh(): void {
    const isEmpty = this.root.isEmpty && !this.card && !this.element.querySelector(":scope > .ka-source");
    this.element.toggleAttribute("data-empty", isEmpty);
  }
}

function show(item: DisplayItem, display: Display): DisplayItem {
  item.displayId = display.transient?.display_id;
  item.show(display);
  return item;
}

function waiting(): HTMLElement {
  const card = document.createElement("p");
  card.className = "ka-card ka-waits";
  card.textContent = "Waits for the part above that failed.";
  return card;
}
