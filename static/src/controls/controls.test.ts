import { afterEach, describe, expect, it } from "vitest";
import values from "../../../tests/wire_golden/values.json";
import type { Declaration } from "../declarations.ts";
import type { Value } from "../wire.ts";
import { printf, write } from "./format.ts";
import { plain } from "./inline.ts";
import { type AnyControl, createControl } from "./registry.ts";

interface Log {
  how: string;
  value: Value;
}

let busy = false;

afterEach(() => {
  busy = false;
  document.body.replaceChildren();
});

async function make(fields: object): Promise<[AnyControl, Log[]]> {
  const log: Log[] = [];
  const common = { key: "k", label: "L", help: null, disabled: false, label_visibility: "visible", nullable: false };
  const control = createControl({ ...common, ...fields } as Declaration, {
    drag: (_, value) => log.push({ how: "drag", value }),
    commit: (_, value) => log.push({ how: "commit", value }),
    press: () => log.push({ how: "press", value: true }),
    busy: () => busy,
  });
  document.body.append(control);
  await control.updateComplete;
  return [control, log];
}

function set(control: HTMLElement, selector: string, value: string, ...events: string[]): void {
  const input = control.querySelector<HTMLInputElement>(selector);
  if (!input) throw new Error(`no ${selector}`);
  input.value = value;
  for (const event of events) input.dispatchEvent(new Event(event, { bubbles: true }));
}

function key(control: HTMLElement, name: string, more: KeyboardEventInit = {}): void {
  control.querySelector("input, textarea")?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));
}

const slider = { kind: "slider", value: 10, number: "int", min: 0, max: 100, step: 1, range: false, format: null };
const text = { kind: "text_input", value: "", max_chars: null, placeholder: null, password: false, autocomplete: null };
const number = { kind: "number_input", value: 1, number: "int", min: 0, max: 9, step: 1, format: null, placeholder: null };
const date = { kind: "date_input", value: "2026-11-22", range: false, min: "2020-01-01", max: "2030-12-31", format: "YYYY/MM/DD" };
const multi = { kind: "multiselect", value: [], options: ["a", "b", "ab"], max_selections: 2, placeholder: null };

describe("every kind", () => {
  it.each(values.map(({ control }) => [control.kind, control]))("shows the golden %s with a name", async (_, declaration) => {
    const [control] = await make(declaration);
    const label = control.querySelector("label[for]");
    const named = control.querySelector("[aria-labelledby], [aria-label], button");
    if (label) expect(control.querySelector(`#${label.getAttribute("for")}`)).not.toBeNull();
    else expect(named).not.toBeNull();
    expect(control.dataset.control).toBe("k");
    expect(control.textContent).toContain(declaration.label);
  });
});

describe("values", () => {
  it("of a button are presses", async () => {
    const [control, log] = await make({ kind: "button", value: false, style: "primary", stretch: false });
    control.querySelector("button")?.click();
    expect(log).toEqual([{ how: "press", value: true }]);
  });

  it("of a checkbox are booleans", async () => {
    const [control, log] = await make({ kind: "checkbox", value: false });
    control.querySelector("input")?.click();
    expect(log).toEqual([{ how: "commit", value: true }]);
  });

  it("of a radio are labels", async () => {
    const [control, log] = await make({ kind: "radio", value: "a", options: ["a", "b"], horizontal: false, captions: null });
    control.querySelectorAll("input")[1]?.click();
    expect(log).toEqual([{ how: "commit", value: "b" }]);
  });

  it("of a selectbox are labels, or null where that is a value", async () => {
    const [control, log] = await make({ kind: "selectbox", value: "b", options: ["", "b"], placeholder: null, nullable: true });
    set(control, "select", "0", "change");
    set(control, "select", "", "change");
    expect(log.map(({ value }) => value)).toEqual(["", null]);
  });

  it("of a slider are sent while it moves, and decided when it is let go", async () => {
    const [control, log] = await make(slider);
    set(control, "input", "42", "input", "change");
    expect(log).toEqual([
      { how: "drag", value: 42 },
      { how: "commit", value: 42 },
    ]);
  });

  it("of a range never cross", async () => {
    const [control, log] = await make({ ...slider, value: [10, 20], range: true });
    set(control, "[aria-label='L minimum']", "50", "change");
    expect(log).toEqual([{ how: "commit", value: [20, 20] }]);
  });

  it("of a select_slider are labels", async () => {
    const [control, log] = await make({ kind: "select_slider", value: "S", options: ["S", "M", "L"], range: false });
    set(control, "input", "2", "change");
    expect(log).toEqual([{ how: "commit", value: "L" }]);
    await control.updateComplete;
    expect(control.querySelector("output")?.textContent).toBe("L");
  });

  it("of a text are sent when the viewer is done", async () => {
    const [control, log] = await make(text);
    set(control, "input", "hi", "input");
    await control.updateComplete;
    expect(control.textContent).toContain("press Enter to apply");
    expect(log).toEqual([]);
    key(control, "Enter");
    expect(log).toEqual([{ how: "commit", value: "hi" }]);
  });

  it("of a text are counted in characters", async () => {
    const [control, log] = await make({ ...text, max_chars: 2 });
    set(control, "input", "🌍🌍🌍", "input", "change");
    expect(log).toEqual([{ how: "commit", value: "🌍🌍" }]);
  });

  it("of an emptied text are null where that is a value", async () => {
    const [control, log] = await make({ ...text, value: "x", nullable: true });
    set(control, "input", "", "input", "change");
    expect(log).toEqual([{ how: "commit", value: null }]);
  });

  it("of a text area are sent by Ctrl+Enter, not by Enter", async () => {
    const [control, log] = await make({ kind: "text_area", value: "", max_chars: null, placeholder: null, height_px: null });
    set(control, "textarea", "a\nb", "input");
    key(control, "Enter");
    expect(log).toEqual([]);
    key(control, "Enter", { ctrlKey: true });
    expect(log).toEqual([{ how: "commit", value: "a\nb" }]);
  });

  it.each([
    ["stays within the bounds", "500", 9],
    ["is whole where it must be", "3.7", 4],
    ["may have a comma", "2,2", 2],
  ])("of a number: %s", async (_, typed, value) => {
    const [control, log] = await make(number);
    set(control, "input", typed, "input", "change");
    expect(log).toEqual([{ how: "commit", value }]);
  });

  it("of a number are not what is no number", async () => {
    const [control, log] = await make(number);
    set(control, "input", "many", "input", "change");
    await control.updateComplete;
    expect(log).toEqual([]);
    expect(control.querySelector(".ka-message")?.textContent).toBe("Enter a number.");
    expect(control.querySelector("input")?.value).toBe("1");
  });

  it("of a number go by steps without the rounding of floats", async () => {
    const [control, log] = await make({ ...number, number: "float", value: 0.1, step: 0.2 });
    key(control, "ArrowUp");
    expect(log).toEqual([{ how: "commit", value: 0.3 }]);
  });

  it("of a date are within its bounds", async () => {
    const [control, log] = await make(date);
    set(control, "input", "0002-01-01", "change");
    expect(log).toEqual([]);
    set(control, "input", "2027-01-01", "change");
    expect(log).toEqual([{ how: "commit", value: "2027-01-01" }]);
  });

  it("of a range of dates keep their order", async () => {
    const [control, log] = await make({ ...date, value: ["2026-11-01", "2026-11-22"], range: true });
    set(control, "input", "2026-12-24", "change");
    expect(log).toEqual([{ how: "commit", value: ["2026-12-24", "2026-12-24"] }]);
  });

  it("of a multiselect are in the order chosen, and no more than allowed", async () => {
    const [control, log] = await make(multi);
    set(control, "input", "b", "input");
    key(control, "ArrowDown");
    key(control, "Enter");
    set(control, "input", "", "input");
    key(control, "Enter");
    expect(log.map(({ value }) => value)).toEqual([["ab"], ["ab", "a"]]);
    key(control, "ArrowDown");
    key(control, "Enter");
    expect(control.message).toBe("At most 2 can be chosen.");
    key(control, "Backspace");
    expect(log.at(-1)?.value).toEqual(["ab"]);
  });
});

describe("who may change what is shown", () => {
  it("is the server, while the viewer does nothing", async () => {
    const [control] = await make(slider);
    control.receive({ ...control.declaration, value: 77 } as Declaration);
    expect(control.value).toBe(77);
  });

  it("is not the server while a newer value of the viewer is under way", async () => {
    const [control] = await make(slider);
    set(control, "input", "42", "input");
    busy = true;
    control.receive({ ...control.declaration, value: 10 } as Declaration);
    expect(control.value).toBe(42);
    busy = false;
    control.settle();
    expect(control.value).toBe(10);
  });

  it("is the viewer, when the server settles without declaring the control again", async () => {
    const [control] = await make(slider);
    set(control, "input", "42", "change");
    control.settle();
    expect(control.value).toBe(42);
    control.refuse("no");
    expect(control.value).toBe(42);
  });

  it("is not the server while the viewer types", async () => {
    const [control] = await make(text);
    set(control, "input", "half a wo", "input");
    control.receive({ ...control.declaration, value: "other", label: "New" } as Declaration);
    await control.updateComplete;
    expect(control.querySelector("input")?.value).toBe("half a wo");
    expect(control.querySelector("label")?.textContent).toBe("New");
  });

  it("is the server again after it refused", async () => {
    const [control] = await make(text);
    set(control, "input", "bad", "input", "change");
    control.refuse("Not this.");
    await control.updateComplete;
    expect(control.querySelector("input")?.value).toBe("");
    expect(control.querySelector(".ka-message")?.textContent).toBe("Not this.");
  });
});

describe("words", () => {
  it("of a label may be bold, italic or code, and nothing else", async () => {
    const [control] = await make({ ...slider, label: "**A** *b* `c` <i>d</i> 2*3*4 snake_case_name" });
    const label = control.querySelector("label");
    expect(label?.querySelectorAll("strong, em, code")).toHaveLength(4);
    expect(label?.querySelector("i")).toBeNull();
    expect(label?.textContent).toContain("snake_case_name");
    expect(plain("**A** `b`")).toBe("A b");
  });

  it.each([
    ["%d", 3.9, "3"],
    ["%.2f", 2.345678, "2.35"],
    ["%05.1f", -2.25, "-02.3"],
    ["%+d", 5, "+5"],
    ["%,d EUR", 1234567, "1,234,567 EUR"],
    ["%.1e", 12345, "1.2e+04"],
    ["%g", 0.5, "0.5"],
    ["%d %%", 12, "12 %"],
  ])("of the format %s", (format, value, expected) => {
    expect(printf(format, value)).toBe(expected);
  });

  it.each([
    [0.1 + 0.2, 0.1, "0.3"],
    [0.5, 0.01, "0.50"],
    [0.333, 0.1, "0.333"],
    [1e-7, 1e-7, "0.0000001"],
  ])("of the number %d with steps of %d", (value, step, expected) => {
    expect(write(value, { format: null, number: "float", step })).toBe(expected);
  });
});
