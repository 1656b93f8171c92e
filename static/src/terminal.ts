/** Text as a terminal shows it: carriage return, backspace, erasing, cursor up and colours. A line is one element. */

import { PLAIN, restyle, type Style, styled } from "./ansi.ts";

interface Run {
  text: string;
  style: Style;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals speak in control characters
const TOKEN = /\x1b\[([0-9;:?]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^[\]]|[\n\r\b]|[^\x1b\n\r\b]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals speak in control characters
const UNFINISHED = /\x1b(?:\[[0-9;:?]*|\][^\x07\x1b]*)?$/;

export class Terminal {
  private lines: Run[][] = [[]];
  private row = 0;
  private col = 0;
  private style = PLAIN;
  private rest = "";
  private readonly dirty = new Set<number>();

  constructor(private readonly host: HTMLElement) {}

  /** Starts again with nothing shown, in the same element. */
  reset(): void {
    this.lines = [[]];
    this.row = 0;
    this.col = 0;
    this.style = PLAIN;
    this.rest = "";
    this.dirty.clear();
    this.dirty.add(0);
  }

  /** Writes text as it came: it may end in the middle of an escape sequence. */
  write(text: string): void {
    const all = this.rest + text;
    this.rest = UNFINISHED.exec(all)?.[0] ?? "";
    for (const token of all.slice(0, all.length - this.rest.length).matchAll(TOKEN)) this.take(token);
    this.show();
  }

  private take([token, parameters, final]: RegExpMatchArray): void {
    if (token === "\n") this.down(1);
    else if (token === "\r") this.col = 0;
    else if (token === "\b") this.col = Math.max(0, this.col - 1);
    else if (final !== undefined) this.command(final, parameters ?? "");
    else if (token && !token.startsWith("\x1b")) this.put(token);
  }

  private command(final: string, parameters: string): void {
    const count = Number(parameters || 1) || 1;
    if (final === "m") this.style = restyle(this.style, parameters);
    else if (final === "K") this.erase(parameters);
    else if (final === "A") this.row = Math.max(0, this.row - count);
    else if (final === "B") this.row = Math.min(this.lines.length - 1, this.row + count);
    else if (final === "C") this.col += count;
    else if (final === "D") this.col = Math.max(0, this.col - count);
    else if (final === "G") this.col = count - 1;
  }

  private down(count: number): void {
    this.dirty.add(this.row);
    this.row += count;
    this.col = 0;
    while (this.lines.length <= this.row) this.lines.push([]);
    this.dirty.add(this.row);
  }

  private erase(parameters: string): void {
    const line = this.lines[this.row] ?? [];
    const before = parameters === "" || parameters === "0" ? cut(line, 0, this.col) : [];
    const after = parameters === "1" ? [blank(this.col), ...cut(line, this.col)] : [];
    this.lines[this.row] = [...before, ...after];
    this.dirty.add(this.row);
  }

  private put(text: string): void {
    const line = this.lines[this.row] ?? [];
    const length = line.reduce((sum, run) => sum + run.text.length, 0);
    const last = line.at(-1);
    if (this.col === length && last?.style === this.style) last.text += text;
    else if (this.col >= length) line.push(...(this.col > length ? [blank(this.col - length)] : []), { text, style: this.style });
    else this.lines[this.row] = [...cut(line, 0, this.col), { text, style: this.style }, ...cut(line, this.col + text.length)];
    this.col += text.length;
    this.dirty.add(this.row);
  }

  private show(): void {
    for (let i = this.host.childElementCount; i < this.lines.length; i++) {
      this.host.append(document.createElement("span"));
      this.dirty.add(i);
    }
    while (this.host.childElementCount > this.lines.length) this.host.lastElementChild?.remove();
    for (const row of this.dirty) {
      const end = row < this.lines.length - 1 ? [document.createTextNode("\n")] : [];
      const nodes = (this.lines[row] ?? []).map((run) => styled(run.text, run.style));
      this.host.children[row]?.replaceChildren(...nodes, ...end);
    }
    this.dirty.clear();
  }
}

function blank(width: number): Run {
  return { text: " ".repeat(width), style: PLAIN };
}

/** The part of a line between two columns, as new runs. */
function cut(line: readonly Run[], from: number, to = Number.POSITIVE_INFINITY): Run[] {
  const runs: Run[] = [];
  let at = 0;
  for (const run of line) {
    const text = run.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text) runs.push({ text, style: run.style });
    at += run.text.length;
  }
  return runs;
}
