import { beforeEach, describe, expect, it } from "vitest";
import { Terminal } from "./terminal.ts";

let host: HTMLElement;
let terminal: Terminal;

beforeEach(() => {
  host = document.createElement("pre");
  terminal = new Terminal(host);
});

describe("text", () => {
  it.each([
    ["lines", ["a\nb"], "a\nb"],
    ["a progress bar", ["10%\r", "50%\r", "100%\n", "done"], "100%\ndone"],
    ["a shorter line over a longer one", ["abcdef\rxy"], "xycdef"],
    ["a return before a new line", ["ab\r\ncd"], "ab\ncd"],
    ["backspace", ["abc\b\bX"], "aXc"],
    ["backspace at the start of a line", ["\n\b\bx"], "\nx"],
    ["erasing to the end", ["abcdef\r\x1b[Kxy"], "xy"],
    ["erasing the whole line", ["abc\x1b[2K\rx"], "x"],
    ["two bars, one above the other", ["A 1\nB 1", "\x1b[A\rA 2\n\rB 2"], "A 2\nB 2"],
    ["an escape sequence cut in two", ["a\x1b[3", "1mb"], "ab"],
    ["a link in the terminal's own code", ["\x1b]8;;http://x\x07text\x1b]8;;\x07"], "text"],
    ["a stray escape", ["a\x1b[é", "b"], "a[éb"],
    ["markup", ["<b>&amp;</b>"], "<b>&amp;</b>"],
  ])("shows %s", (_, writes, shown) => {
    for (const text of writes) terminal.write(text);
    expect(host.textContent).toBe(shown);
  });

  it("begins anew in the same element", () => {
    terminal.write("\x1b[31mone\ntwo");
    terminal.reset();
    terminal.write("three");
    expect(host.innerHTML).toBe("<span>three</span>");
  });
});

describe("colours", () => {
  const classes = () => [...host.querySelectorAll("span > span")].map((span) => `${span.textContent}: ${span.className}`);

  it.each([
    ["the named ones", "\x1b[31mr\x1b[0mp\x1b[1;92mg", ["r: ansi-fg-1", "g: ansi-bold ansi-fg-10"]],
    ["grounds, with ink that can be read on them", "\x1b[44mx", ["x: ansi-on-bg ansi-bg-4"]],
    ["inverse", "\x1b[7mx\x1b[27my", ["x: ansi-inverse-fg ansi-inverse-bg"]],
    ["inverse colours", "\x1b[31;7mx", ["x: ansi-inverse-fg ansi-bg-1"]],
    ["256 colours, of which 16 are named", "\x1b[38;5;9mx", ["x: ansi-fg-9"]],
    ["what is switched off again", "\x1b[1;3;4mx\x1b[22;23;24my", ["x: ansi-bold ansi-italic ansi-underline"]],
  ])("shows %s", (_, text, expected) => {
    terminal.write(text);
    expect(classes()).toEqual(expected);
  });

  it("keeps a program's own colours", () => {
    terminal.write("\x1b[38;2;1;2;3ma\x1b[48;5;196mb\x1b[0;38;5;255mc");
    const [a, b, c] = host.querySelectorAll<HTMLElement>("span > span");
    expect(a?.style.getPropertyValue("--ansi-fg")).toBe("rgb(1 2 3)");
    expect(b?.style.getPropertyValue("--ansi-bg")).toBe("rgb(255 0 0)");
    expect(c?.style.getPropertyValue("--ansi-fg")).toBe("rgb(238 238 238)");
  });
});
