/** TeX by KaTeX. */

import katex from "katex";
import "katex/dist/katex.min.css";

/** Typesets into the element; TeX that KaTeX cannot read stays readable as its source. */
export function typeset(element: HTMLElement, tex: string, displayMode: boolean): void {
  katex.render(tex, element, { displayMode, throwOnError: false, errorColor: "var(--ka-danger)", trust: false });
}

/** Typesets what the server's markdown marked as mathematics. */
export function typesetMarked(host: ParentNode): void {
  for (const element of host.querySelectorAll<HTMLElement>(".math:not([data-typeset])")) {
    const label = element.querySelector(".mathlabel");
    label?.remove();
    const tex = element.textContent ?? "";
    element.dataset.typeset = "";
    typeset(element, tex.trim(), element.classList.contains("block") || element.tagName === "DIV");
    if (label) element.append(label);
  }
}
