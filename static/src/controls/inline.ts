/** Bold, italic and code in labels; everything else stays the text it is. */

import { html, type TemplateResult } from "lit";

const MARKED = /\*\*(.+?)\*\*|`(.+?)`|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)/g;

export function inline(text: string): (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = [];
  let end = 0;
  for (const match of text.matchAll(MARKED)) {
    const [whole, strong, code, star, underscore] = match;
    parts.push(text.slice(end, match.index));
    if (strong !== undefined) parts.push(html`<strong>${inline(strong)}</strong>`);
    else if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else parts.push(html`<em>${inline(star ?? underscore ?? "")}</em>`);
    end = match.index + whole.length;
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== "");
}

/** The same without the marks, for names that are not markup. */
export function plain(text: string): string {
  return text.replace(MARKED, (_, strong, code, star, underscore) => strong ?? code ?? star ?? underscore);
}
