/** JSON as a tree whose branches open, and are made, when they are asked for. */

import type { Context } from "./registry.ts";

const OPEN_UP_TO = 12;
const BATCH = 200;

export function render(host: HTMLElement, data: unknown, { metadata }: Context): void {
  const root = branch(metadata.root === undefined ? null : String(metadata.root), data, metadata.expanded !== false);
  root.classList.add("ka-json");
  host.append(root);
}

function branch(name: string | null, value: unknown, open: boolean): HTMLElement {
  if (typeof value !== "object" || value === null) return leaf(name, value);
  const entries = Object.entries(value);
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  summary.append(...title(name), part("ka-json-size", size));
  details.append(summary);
  const fill = () => details.childElementCount === 1 && more(details, entries, 0);
  details.addEventListener("toggle", fill);
  details.open = open && entries.length <= OPEN_UP_TO;
  if (details.open) fill();
  return details;
}

function more(details: HTMLElement, entries: [string, unknown][], from: number): void {
  for (const [name, value] of entries.slice(from, from + BATCH)) details.append(branch(name, value, false));
  const left = entries.length - from - BATCH;
  if (left <= 0) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ka-link";
  button.textContent = `${left} more`;
  button.onclick = () => {
    button.remove();
    more(details, entries, from + BATCH);
  };
  details.append(button);
}

function leaf(name: string | null, value: unknown): HTMLElement {
  const line = document.createElement("div");
  line.append(...title(name), part(`ka-json-${value === null ? "null" : typeof value}`, JSON.stringify(value)));
  return line;
}

function title(name: string | null): Node[] {
  return name === null ? [] : [part("ka-json-name", name), document.createTextNode(": ")];
}

function part(className: string, text: string): HTMLElement {
  const span = document.createElement("span");
  span.className = className;
  span.textContent = text;
  return span;
}
