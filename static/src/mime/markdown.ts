import MarkdownIt, { type MarkdownIt as Markdown } from "markdown-it";
import footnote from "markdown-it-footnote";
import { wrapTables } from "../tables.ts";
import { textOf } from "./registry.ts";

// The same language as the server's: CommonMark with tables, footnotes, mathematics, and HTML, since the author is trusted.
const markdown = new MarkdownIt("default", { html: true, linkify: false }).use(footnote).use(dollarMath);

/** `text/markdown`; loads KaTeX only if there is mathematics in it. */
export async function render(host: HTMLElement, data: unknown): Promise<void> {
  host.classList.add("ka-prose");
  host.innerHTML = markdown.render(textOf(data));
  wrapTables(host);
  if (host.querySelector(".math")) (await import("./math.ts")).typesetMarked(host);
}

/** `$…$` and `$$…$$`; a dollar sign before a digit or after a space does not close a formula. */
function dollarMath(md: Markdown): void {
  md.inline.ruler.before("escape", "math", (state, silent) => {
    const found = /^(\$\$)([\s\S]+?)\$\$|^\$(?![\s$])([^$\n]*?[^\s\\$])\$(?!\d)/.exec(state.src.slice(state.pos));
    if (!found) return false;
    if (!silent) {
      const token = state.push(found[1] ? "math_block" : "math_inline", "", 0);
      token.content = found[2] ?? found[3] ?? "";
    }
    state.pos += found[0].length;
    return true;
  });
  const { escapeHtml } = md.utils;
  md.renderer.rules.math_inline = (tokens, index) => `<span class="math inline">${escapeHtml(tokens[index]?.content ?? "")}</span>`;
  md.renderer.rules.math_block = (tokens, index) => `<span class="math block">${escapeHtml(tokens[index]?.content ?? "")}</span>`;
}
