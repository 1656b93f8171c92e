/** ANSI "select graphic rendition": from escape parameters to a style, and from a style to an element. */

/** Colours are 0–15 (ours, by theme) or a CSS colour (the program's own). */
export interface Style {
  readonly fg?: number | string;
  readonly bg?: number | string;
  readonly bold?: boolean;
  readonly faint?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly inverse?: boolean;
}

export const PLAIN: Style = {};

const SWITCHES: Record<number, Style> = {
  1: { bold: true },
  2: { faint: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
};

const OFF: Record<number, readonly (keyof Style)[]> = {
  22: ["bold", "faint"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  29: ["strike"],
  39: ["fg"],
  49: ["bg"],
};

/** The style after `ESC [ parameters m`. */
export function restyle(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((each) => Number(each || 0));
  let next = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) next = PLAIN;
    else if (SWITCHES[code]) next = { ...next, ...SWITCHES[code] };
    else if (OFF[code]) next = without(next, OFF[code]);
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(i + 1));
      if (colour !== undefined) next = { ...next, [code === 38 ? "fg" : "bg"]: colour };
      i += used;
    } else next = { ...next, ...basic(code) };
  }
  return next;
}

function basic(code: number): Style {
  if (code >= 30 && code <= 37) return { fg: code - 30 };
  if (code >= 40 && code <= 47) return { bg: code - 40 };
  if (code >= 90 && code <= 97) return { fg: code - 82 };
  if (code >= 100 && code <= 107) return { bg: code - 92 };
  return PLAIN;
}

function without(style: Style, names: readonly (keyof Style)[]): Style {
  return Object.fromEntries(Object.entries(style).filter(([name]) => !names.includes(name as keyof Style)));
}

/** The colour after 38 or 48, and how many codes it took. */
function extended(codes: readonly number[]): [number | string | undefined, number] {
  const [mode, a = 0, b = 0, c = 0] = codes;
  if (mode === 5) return [indexed(a), 2];
  if (mode === 2) return [`rgb(${a} ${b} ${c})`, 4];
  return [undefined, codes.length];
}

/** xterm's 256 colours: 16 named ones, a cube of 6×6×6, and 24 greys. */
function indexed(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232) return grey(8 + (index - 232) * 10);
  const level = (part: number) => (part === 0 ? 0 : 55 + part * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}

function grey(level: number): string {
  return `rgb(${level} ${level} ${level})`;
}

/** A node that shows the text in this style. */
export function styled(text: string, style: Style): Node {
  if (Object.keys(style).length === 0) return document.createTextNode(text);
  const span = document.createElement("span");
  span.textContent = text;
  for (const name of ["bold", "faint", "italic", "underline", "strike"] as const) if (style[name]) span.classList.add(`ansi-${name}`);
  const [fg, bg] = style.inverse ? [style.bg ?? "inverse", style.fg ?? "inverse"] : [style.fg, style.bg];
  paint(span, "fg", fg, bg);
  paint(span, "bg", bg, fg);
  return span;
}

function paint(span: HTMLElement, side: "fg" | "bg", colour: number | string | undefined, other: number | string | undefined): void {
  if (colour === undefined) {
    // A background of the program's own needs a foreground that can be read on it in both themes.
    if (side === "fg" && other !== undefined) span.classList.add("ansi-on-bg");
    return;
  }
  if (typeof colour === "number") span.classList.add(`ansi-${side}-${colour}`);
  else if (colour === "inverse") span.classList.add(`ansi-inverse-${side}`);
  else {
    // Without a background of its own, the colour is mixed with the theme's ink by the style sheet.
    span.classList.add(`ansi-${side}-own`);
    span.style.setProperty(`--ansi-${side}`, colour);
  }
}
