import { typeset } from "./math.ts";
import { textOf } from "./registry.ts";

const DELIMITED = /\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\]|\$([\s\S]+?)\$|\\\(([\s\S]+?)\\\)/g;

/** `text/latex`: text with formulas between dollar signs, or nothing but a formula. */
export function render(host: HTMLElement, data: unknown): void {
  const text = textOf(data).trim();
  const box = document.createElement("div");
  box.className = "ka-latex";
  host.append(box);
  let end = 0;
  for (const match of text.matchAll(DELIMITED)) {
    box.append(text.slice(end, match.index));
    const span = document.createElement("span");
    const block = match[1] ?? match[2];
    typeset(span, block ?? match[3] ?? match[4] ?? "", block !== undefined);
    box.append(span);
    end = match.index + match[0].length;
  }
  if (end === 0) typeset(box, text, true);
  else box.append(text.slice(end));
}
