/** What stands in a region of a cell: text, displayed bundles, notes, controls and layout blocks. */

import { choose, metadataOf, type Renderer } from "./mime/registry.ts";
import { Terminal } from "./terminal.ts";
import type { Cell, Display } from "./wire.ts";
import { track } from "./work.ts";

export interface Item {
  readonly node: HTMLElement;
  /** Outputs are replaced place by place; controls and blocks are known by their names. */
  readonly isOutput: boolean;
  /** Left from the run before: to be replaced, or to go when the run is over. */
  old: boolean;
  /** The run is over. */
  rest?(): void;
  dispose(): void;
}

function element(tag: string, className: string): HTMLElement {
  const node = document.createElement(tag);
  node.className = className;
  return node;
}

/** Consecutive output of one stream. */
export class StreamItem implements Item {
  readonly node = element("pre", "ka-output ka-text");
  readonly isOutput = true;
  old = false;
  private readonly terminal = new Terminal(this.node);

  constructor(public name: string) {
    this.node.dataset.stream = name;
  }

  write(text: string): void {
    this.terminal.write(text);
  }

  /** The same element begins anew, for a stream at the same place in the next run, and keeps its height until that is over. */
  restart(name: string, text: string): void {
    // Measured only where the text gets shorter, since the page must be laid out for it.
    const { node } = this;
    const isShorter = text.length < (node.textContent?.length ?? 0) || text.split("\n").length < node.childElementCount;
    if (isShorter) node.style.minHeight = `${node.offsetHeight}px`;
    this.name = name;
    this.node.dataset.stream = name;
    this.terminal.reset();
    this.terminal.write(text);
  }

  rest(): void {
    this.node.style.minHeight = "";
  }

  dispose(): void {
    this.node.remove();
  }
}

interface Shown {
  mime: string;
  data: unknown;
  metadata: string;
  host: HTMLElement;
  ending: AbortController;
}

/** One displayed bundle. What it showed before stays until what it shows next is drawn. */
export class DisplayItem implements Item {
  readonly node = element("div", "ka-output");
  readonly isOutput = true;
  old = false;
  displayId: string | undefined;
  private current: Shown | null = null;
  private coming: Shown | null = null;

  show(display: Display): void {
    this.drop(this.coming);
    this.coming = null;
    const choice = choose(display);
    if (!choice) {
      this.note(Object.keys(display.data));
      return;
    }
    const { mime, renderer } = choice;
    const data = display.data[mime];
    const metadata = metadataOf(display, mime);
    const next = { mime, data, metadata: JSON.stringify(metadata) };
    if (this.current && isSame(this.current, next)) return;
    if (this.current?.mime === mime && renderer.update) {
      Object.assign(this.current, next);
      const { host, ending } = this.current;
      track(Promise.resolve(renderer.update(host, data, { metadata, signal: ending.signal })).catch(console.error));
      return;
    }
    const host = element("div", "ka-host");
    host.dataset.mime = mime;
    this.draw({ ...next, host, ending: new AbortController() }, renderer, display);
  }

  dispose(): void {
    this.drop(this.coming);
    this.drop(this.current);
    this.node.remove();
  }

  private draw(next: Shown, renderer: Renderer, display: Display): void {
    if (this.current) next.host.classList.add("ka-coming");
    this.node.append(next.host);
    this.coming = next;
    try {
      const metadata = metadataOf(display, next.mime);
      const work = renderer.render(next.host, next.data, { metadata, signal: next.ending.signal });
      if (!work) this.keep(next);
      else
        track(
          work.then(
            () => this.keep(next),
            (error) => this.fail(next, display, error),
          ),
        );
    } catch (error) {
      this.fail(next, display, error);
    }
  }

  private keep(next: Shown): void {
    if (this.coming !== next) return;
    keepScroll(this.current?.host, next.host);
    this.drop(this.current);
    next.host.classList.remove("ka-coming");
    this.current = next;
    this.coming = null;
  }

  /** What cannot be drawn is shown by the next best type that the bundle has. */
  private fail(next: Shown, display: Display, error: unknown): void {
    console.error(`An output of type ${next.mime} could not be shown.`, error);
    if (this.coming !== next) return;
    const { [next.mime]: _, ...data } = display.data;
    this.show({ ...display, data });
  }

  private note(mimes: string[]): void {
    const host = element("p", "ka-note");
    host.textContent = mimes.length > 0 ? `This output (${mimes.join(", ")}) cannot be shown here.` : "This output could not be shown.";
    this.drop(this.current);
    this.node.append(host);
    this.current = { mime: "", data: null, metadata: "", host, ending: new AbortController() };
  }

  private drop(shown: Shown | null): void {
    shown?.ending.abort();
    shown?.host.remove();
  }
}

/** Text that says the same needs no drawing, unless it has scripts to run. */
function isSame(shown: Shown, next: Pick<Shown, "mime" | "data" | "metadata">): boolean {
  if (shown.mime !== next.mime || shown.metadata !== next.metadata || shown.data !== next.data) return false;
  return typeof next.data === "string" && !/script/i.test(next.mime) && !/<script/i.test(next.data);
}

/** A table that the viewer has scrolled stays where it was when its numbers change. */
function keepScroll(before: HTMLElement | undefined, after: HTMLElement): void {
  const old = before?.querySelectorAll(".ka-table");
  after.querySelectorAll(".ka-table").forEach((box, index) => {
    const from = old?.[index];
    if (from) box.scrollTo(from.scrollLeft, from.scrollTop);
  });
}

/** A sentence of ours among the outputs. */
export class NoteItem implements Item {
  readonly node = element("p", "ka-output ka-note");
  readonly isOutput = true;
  old = false;

  constructor(...content: readonly (string | Node)[]) {
    this.node.append(...content);
  }

  dispose(): void {
    this.node.remove();
  }
}

/** An element that stays as it is. */
export class StaticItem implements Item {
  readonly isOutput = true;
  old = false;

  constructor(readonly node: HTMLElement) {}

  dispose(): void {
    this.node.remove();
  }
}

/** Holds the element of a control. */
export class ControlItem implements Item {
  readonly isOutput = false;
  old = false;

  constructor(
    readonly key: string,
    readonly node: HTMLElement,
    private readonly gone: () => void,
  ) {}

  dispose(): void {
    this.node.remove();
    this.gone();
  }
}

/** A card that says what failed. */
export function failure(error: Cell["error"]): HTMLElement {
  const card = document.createElement("div");
  card.className = "ka-card ka-failed";
  const message = document.createElement("p");
  message.textContent = error?.message ?? "This part of the app failed.";
  card.append(message);
  if (error?.reference) {
    const reference = document.createElement("p");
    reference.className = "ka-reference";
    reference.append("Reference ", Object.assign(document.createElement("code"), { textContent: error.reference }));
    card.append(reference);
  }
  if (error?.traceback) card.append(traceback(error.traceback));
  return card;
}

function traceback(lines: readonly string[]): HTMLElement {
  const details = document.createElement("details");
  const pre = document.createElement("pre");
  pre.className = "ka-text";
  details.append(Object.assign(document.createElement("summary"), { textContent: "Traceback" }), pre);
  new Terminal(pre).write(lines.join("\n"));
  return details;
}

/** Says that there was more than is shown, and where the rest is. */
export function truncated(limitBytes: number, rest?: string): (string | Node)[] {
  const words = `More was printed here than an app shows (${size(limitBytes)}).`;
  if (rest === undefined) return [words];
  const link = document.createElement("a");
  link.href = new URL(rest, new URL(document.body.dataset.socket ?? "", location.href)).href;
  link.className = "ka-rest";
  link.download = "";
  link.textContent = "Download the rest";
  return [words, " ", link];
}

function size(bytes: number): string {
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.round(bytes / 1e3)} kB`;
}
