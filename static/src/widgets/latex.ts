/** Formulas in widgets' labels and texts, by the same KaTeX as everywhere on the page. */

import { track } from "../work.ts";

const FORMULA = /\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\]|\$([^$\n]+?)\$|\\\(([\s\S]+?)\\\)/g;

export const latexTypesetter = {
  /** Typesets what stands between dollar signs in the element's texts. */
  typeset(element: HTMLElement): void {
    const nodes = textNodes(element).filter((node) => node.data.match(FORMULA));
    if (nodes.length > 0) track(replaceAll(nodes), () => {});
  },
};

function textNodes(element: HTMLElement): Text[] {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  while (walker.nextNode()) {
    const node = walker.currentNode as Text;
    if (!node.parentElement?.closest("pre, code, script, style, textarea, .katex")) found.push(node);
  }
  return found;
}

async function replaceAll(nodes: Text[]): Promise<void> {
  const { typeset } = await import("../mime/math.ts");
  for (const node of nodes) {
    const parts: (string | HTMLElement)[] = [];
    let end = 0;
    for (const match of node.data.matchAll(FORMULA)) {
      const span = document.createElement("span");
      const block = match[1] ?? match[2];
      typeset(span, block ?? match[3] ?? match[4] ?? "", block !== undefined);
      parts.push(node.data.slice(end, match.index), span);
      end = match.index + match[0].length;
    }
    node.replaceWith(...parts, node.data.slice(end));
  }
}
