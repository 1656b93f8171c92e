/** One stretch of a cell's outputs: the part of one cell that stands in one container, in order. */

import { DisplayItem, type Item, StreamItem } from "./items.ts";

export class Region {
  readonly element = document.createElement("div");
  private items: Item[] = [];
  /** Behind the last item of this run; what follows is old, except what the run has put there by name. */
  private cursor = 0;

  constructor() {
    this.element.className = "ka-region";
  }

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  /** A new run: everything is old now, and stays until something takes its place. */
  begin(): void {
    for (const item of this.items) item.old = true;
    this.cursor = 0;
  }

  /** As `clear_output`: outputs are old, controls and blocks are not touched. */
  clear(): void {
    for (const item of this.items) if (item.isOutput) item.old = true;
    const first = this.items.findIndex((item) => item.isOutput);
    if (first >= 0) this.cursor = first;
  }

  stream(name: string, text: string): void {
    const last = this.items[this.cursor - 1];
    const here = this.items[this.cursor];
    if (last instanceof StreamItem && !last.old && last.name === name) last.write(text);
    else if (here instanceof StreamItem && here.old) {
      here.restart(name, text);
      this.accept(here);
    } else {
      const item = new StreamItem(name);
      this.put(item);
      item.write(text);
    }
  }

  /** The item that shows the next bundle: the old one at this place, or a new one that is on the page already. */
  display(): DisplayItem {
    const here = this.items[this.cursor];
    if (here instanceof DisplayItem && here.old) {
      this.accept(here);
      return here;
    }
    const item = new DisplayItem();
    this.put(item);
    return item;
  }

  /** A new item at the cursor; it takes the place of an old output that stands there. */
  put(item: Item): void {
    const here = this.items[this.cursor];
    this.items.splice(this.cursor, 0, item);
    this.element.insertBefore(item.node, here?.node ?? null);
    this.cursor += 1;
    if (item.isOutput && here?.old && here.isOutput) this.remove(here);
  }

  /** An item that was here before, known by its name, is of this run again. Its element only moves when its order changed. */
  keep(item: Item): void {
    const at = this.items.indexOf(item);
    if (!item.old && at < this.cursor) return;
    if (at >= this.cursor) this.cursor = at;
    else {
      this.items.splice(at, 1);
      this.cursor -= 1;
      this.items.splice(this.cursor, 0, item);
      this.element.insertBefore(item.node, this.items[this.cursor + 1]?.node ?? null);
    }
    this.accept(item);
  }

  find(matches: (item: Item) => boolean): Item | undefined {
    return this.items.find(matches);
  }

  has(item: Item): boolean {
    return this.items.includes(item);
  }

  /** Lets go of an item that moves to another region. */
  release(item: Item): void {
    const at = this.items.indexOf(item);
    if (at < 0) return;
    this.items.splice(at, 1);
    if (at < this.cursor) this.cursor -= 1;
  }

  remove(item: Item): void {
    this.release(item);
    item.dispose();
  }

  /** Removes what matches. */
  sweep(matches: (item: Item) => boolean): void {
    for (const item of this.items.filter(matches)) this.remove(item);
  }

  /** The run is over: what is left stays as it is. */
  rest(): void {
    for (const item of this.items) {
      item.node.classList.remove("ka-dim");
      item.rest?.();
    }
  }

  dim(matches: (item: Item) => boolean): void {
    for (const item of this.items) item.node.classList.toggle("ka-dim", item.isOutput && matches(item));
  }

  private accept(item: Item): void {
    item.old = false;
    item.node.classList.remove("ka-dim");
    this.cursor = this.items.indexOf(item) + 1;
  }
}
