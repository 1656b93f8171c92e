/** Output widgets: the server says what they capture, and our own renderers show it. */

import * as base from "@jupyter-widgets/output";
import { remember, update } from "../displays.ts";
import { failure, NoteItem, StaticItem, truncated } from "../items.ts";
import { Region } from "../region.ts";
import type { Display, WidgetOutput } from "../wire.ts";

type Content = Record<string, unknown>;
type Entry = { output_type?: unknown } & Content;

export class OutputModel extends base.OutputModel {
  /** What is captured now; the attribute of the same name is what the kernel was told. */
  declare entries: Entry[];
  declare private clearNext: boolean;

  override initialize(attributes: object, options: never): void {
    super.initialize(attributes as never, options);
    this.read();
    this.on("change:outputs", () => {
      this.read();
      this.trigger("ka:reset");
    });
  }

  capture({ op, kind, content }: WidgetOutput): void {
    if (op === "update") return;
    if (op === "clear") {
      this.clearNext = content.wait === true;
      if (this.clearNext) return;
      this.empty();
      this.trigger("ka:clear");
      return;
    }
    const clears = this.clearNext;
    if (clears) this.empty();
    const entry: Entry = op === "truncated" ? { output_type: op, ...content } : { output_type: kind, ...content };
    const last = this.entries.at(-1);
    if (kind === "stream" && last?.output_type === "stream" && last.name === content.name)
      this.entries[this.entries.length - 1] = { ...last, text: `${textOf(last)}${textOf(content)}` };
    else this.entries.push(entry);
    // The kernel's own changes are told apart from this by comparing with the attribute.
    this.attributes.outputs = this.entries;
    this.trigger("ka:append", entry, clears);
  }

  /** `update_display_data`: for views to come, and for those whose output has just been added. */
  replace(content: Display): void {
    const id = content.transient?.display_id;
    for (const [index, entry] of this.entries.entries()) {
      const shown = (entry.transient as Display["transient"])?.display_id;
      if (id !== undefined && shown === id) this.entries[index] = { ...entry, ...content };
    }
    update(content);
  }

  private read(): void {
    this.entries = [...((this.get("outputs") as Entry[] | null) ?? [])];
    this.clearNext = false;
  }

  private empty(): void {
    this.entries = [];
    this.clearNext = false;
    this.attributes.outputs = this.entries;
  }
}

export class OutputView extends base.OutputView {
  declare model: OutputModel;
  declare private region: Region;
  declare private timer: ReturnType<typeof setTimeout> | undefined;

  override render(): void {
    super.render();
    this.el.classList.add("jupyter-widgets", "widget-output", "ka-captured");
    this.region = new Region();
    this.el.append(this.region.element);
    this.listenTo(this.model, "ka:append", (entry: Entry, clears: boolean) => this.append(entry, clears));
    this.listenTo(this.model, "ka:clear", () => this.clear());
    this.listenTo(this.model, "ka:reset", () => this.draw());
    this.draw();
  }

  override remove(): void {
    clearTimeout(this.timer);
    this.region?.sweep(() => true);
    super.remove();
  }

  /** Everything anew, each output in the place of the one before it, so that nothing flickers. */
  private draw(): void {
    this.region.begin();
    for (const entry of this.model.entries) this.add(entry);
    this.purge();
  }

  private append(entry: Entry, clears: boolean): void {
    if (clears) this.region.begin();
    this.add(entry);
    if (clears || this.timer !== undefined) this.later();
  }

  private clear(): void {
    this.region.begin();
    this.later();
  }

  /** What was cleared goes when what comes next has had the time to take its place. */
  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.purge(), CLEAR_AFTER_MS);
  }

  private purge(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.region.sweep((item) => item.old);
    this.region.rest();
  }

  private add(entry: Entry): void {
    switch (entry.output_type) {
      case "stream":
        this.region.stream(String(entry.name ?? "stdout"), textOf(entry));
        break;
      case "display_data":
      case "execute_result":
        this.show(entry as unknown as Display);
        break;
      case "error":
        this.region.put(new StaticItem(failure(errorOf(entry))));
        break;
      case "truncated":
        this.region.put(new NoteItem(...truncated(Number(entry.limit_bytes))));
    }
  }

  private show(display: Display): void {
    const item = this.region.display();
    item.displayId = display.transient?.display_id;
    item.show({ ...display, metadata: display.metadata ?? {} });
    remember(item);
  }
}

/** Long enough for the kernel to draw a figure anew, short enough not to be taken for the answer. */
const CLEAR_AFTER_MS = 100;

function textOf({ text }: Content): string {
  return Array.isArray(text) ? text.join("") : String(text ?? "");
}

function errorOf({ ename, evalue, traceback }: Entry): { message: string; reference: null; traceback: string[] | null } {
  const lines = Array.isArray(traceback) && traceback.length > 0 ? traceback.map(String) : null;
  // Without a traceback the server has put words of its own in the place of what viewers are not to see.
  return { message: lines ? `${ename}: ${evalue}` : String(evalue ?? ename), reference: null, traceback: lines };
}
