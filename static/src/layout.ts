/** Where outputs may go besides their cell: the sidebar, and the columns that cells make. */

import type { Item } from "./items.ts";

export const LAYOUT_MIME = "application/vnd.kernelapp.layout+json";

export type LayoutOp =
  | { op: "block"; kind: "columns"; id: string; widths: number[]; gap: string; border: boolean }
  | { op: "enter"; id: string }
  | { op: "exit"; id: string };

/** A layout operation, or null when this version does not know it. */
export function readLayout(data: unknown): LayoutOp | null {
  if (typeof data !== "object" || data === null) return null;
  const { op, id, kind, widths } = data as Record<string, unknown>;
  if (typeof id !== "string") return null;
  if (op === "enter" || op === "exit") return data as LayoutOp;
  const isColumns = op === "block" && kind === "columns" && Array.isArray(widths) && widths.every((each) => typeof each === "number");
  return isColumns ? (data as LayoutOp) : null;
}

/** A row of columns; its containers stay while it is declared again. */
export class BlockItem implements Item {
  readonly node = document.createElement("div");
  readonly isOutput = false;
  old = false;

  constructor(
    readonly id: string,
    private readonly containers: Containers,
  ) {}

  update({ widths, gap, border }: Extract<LayoutOp, { op: "block" }>): void {
    this.node.className = "ka-columns";
    this.node.dataset.gap = gap;
    this.node.toggleAttribute("data-border", border);
    this.node.style.setProperty("--ka-widths", widths.map((width) => `minmax(0, ${width}fr)`).join(" "));
    for (let i = this.node.childElementCount; i < widths.length; i++) {
      const column = document.createElement("div");
      column.className = "ka-column";
      this.node.append(column);
      this.containers.add(`${this.id}.${i}`, column);
    }
    for (let i = this.node.childElementCount - 1; i >= widths.length; i--) {
      this.node.lastElementChild?.remove();
      this.containers.delete(`${this.id}.${i}`);
    }
  }

  dispose(): void {
    for (let i = 0; i < this.node.childElementCount; i++) this.containers.delete(`${this.id}.${i}`);
    this.node.remove();
  }
}

/** The containers of the page by id. */
export class Containers {
  private readonly byId = new Map<string, HTMLElement>();

  add(id: string, element: HTMLElement): void {
    this.byId.set(id, element);
  }

  get(id: string): HTMLElement | undefined {
    return this.byId.get(id);
  }

  delete(id: string): void {
    this.byId.delete(id);
  }

  /** Puts a cell's region into a container, in the order of the cells on the page. */
  insert(container: HTMLElement, region: HTMLElement, order: number): void {
    region.dataset.order = String(order);
    const after = [...container.children].find((each) => Number((each as HTMLElement).dataset.order) > order);
    container.insertBefore(region, after ?? null);
  }
}
