import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Cell } from "./cell.ts";
import { ControlItem } from "./items.ts";
import { Containers } from "./layout.ts";
import "./mime/standard.ts";
import type { CellStatus, Display, Output } from "./wire.ts";

let containers: Containers;
let sidebar: HTMLElement;
let element: HTMLElement;
let cell: Cell;

beforeEach(() => {
  vi.useFakeTimers();
  sidebar = document.createElement("aside");
  containers = new Containers();
  containers.add("sidebar", sidebar);
  [element, cell] = make(0);
});

afterEach(() => {
  document.body.replaceChildren();
});

function make(order: number): [HTMLElement, Cell] {
  const host = document.createElement("ka-cell");
  document.body.append(host, sidebar);
  return [host, new Cell(host, order, containers)];
}

function status(to: CellStatus, of = cell): void {
  const error = to === "failed" ? { message: "It broke.", reference: "r1", traceback: null } : null;
  of.setStatus({ type: "cell", seq: 1, cell: "c", status: to, run: 1, error });
}

function output(rest: object, of = cell): void {
  of.output({ type: "output", seq: 1, cell: "c", ...rest } as Output);
}

const stream = (text: string, name = "stdout") => output({ op: "append", kind: "stream", content: { name, text } });
const bundle = (data: Display["data"], of = cell) =>
  output({ op: "append", kind: "display_data", content: { data, metadata: {}, transient: {} } }, of);
const show = (text: string) => bundle({ "text/html": `<p>${text}</p>` });
const layout = (operation: object, of = cell) => bundle({ "application/vnd.kernelapp.layout+json": operation }, of);
const clear = (wait: boolean) => output({ op: "clear", kind: "clear_output", content: { wait } });

function control(key: string): ControlItem {
  const node = document.createElement("ka-slider");
  node.textContent = key;
  return new ControlItem(key, node, () => {});
}

function shown(root: HTMLElement = element): string[] {
  return [...root.querySelectorAll(".ka-region > *")].map((node) => node.textContent ?? "");
}

function run(body: () => void): void {
  status("running");
  body();
  status("done");
}

describe("the next run", () => {
  it("say where the rest of what was printed is, if it is kept", () => {
    document.body.dataset.socket = "/apps/app/a/socket";
    output({ op: "truncated", kind: "truncated", content: { limit_bytes: 20_000_000 } });
    expect(element.textContent).toBe("More was printed here than an app shows (20 MB).");
    output({ op: "truncated", kind: "truncated", content: { limit_bytes: 1000, rest: "output/c1?session=s" } });
    const link = element.querySelector<HTMLAnchorElement>("a[download]");
    expect(link?.textContent).toBe("Download the rest");
    expect(new URL(link?.href ?? "").pathname).toBe("/apps/app/a/output/c1");
    delete document.body.dataset.socket;
  });

  it("replaces output by output, and removes what is left over when it is done", () => {
    run(() => ["a", "b", "c"].forEach(show));
    status("running");
    expect(shown()).toEqual(["a", "b", "c"]);
    show("A");
    expect(shown()).toEqual(["A", "b", "c"]);
    show("B");
    status("done");
    expect(shown()).toEqual(["A", "B"]);
  });

  it("keeps the elements of outputs at the same place", () => {
    run(() => [stream("one"), show("x")]);
    const before = [...element.querySelectorAll(".ka-output")];
    run(() => [stream("two"), show("y")]);
    expect([...element.querySelectorAll(".ka-output")]).toEqual(before);
    expect(shown()).toEqual(["two", "y"]);
  });

  it("keeps a control's element where it is, also when output before it comes and goes", () => {
    const slider = control("k");
    run(() => [show("a"), cell.control(slider, null), show("b")]);
    run(() => [show("a"), show("more"), cell.control(slider, null), show("b")]);
    expect(shown()).toEqual(["a", "more", "k", "b"]);
    run(() => [cell.control(slider, null), show("b")]);
    expect(shown()).toEqual(["k", "b"]);
    expect(slider.node.isConnected).toBe(true);
  });

  it("follows the order in which controls are declared", () => {
    const [one, two] = [control("1"), control("2")];
    run(() => [cell.control(one, null), cell.control(two, null)]);
    run(() => [cell.control(two, null), cell.control(one, null)]);
    expect(shown()).toEqual(["2", "1"]);
  });

  it("removes a control that is not declared again", () => {
    run(() => cell.control(control("k"), null));
    run(() => show("only this"));
    expect(shown()).toEqual(["only this"]);
  });

  it("dims what is old only when it takes long", () => {
    run(() => [show("a"), show("b")]);
    status("running");
    expect(element.querySelector(".ka-dim")).toBeNull();
    show("A");
    vi.advanceTimersByTime(301);
    expect([...element.querySelectorAll(".ka-dim")].map((node) => node.textContent)).toEqual(["b"]);
    show("B");
    expect(element.querySelector(".ka-dim")).toBeNull();
  });

  it("appends what comes after it is done", () => {
    run(() => show("a"));
    show("late");
    expect(shown()).toEqual(["a", "late"]);
  });
});

describe("streams", () => {
  it("are one block as long as nothing else comes between", () => {
    status("running");
    stream("a");
    stream("b\n");
    stream("problem", "stderr");
    stream("c");
    expect(shown()).toEqual(["ab\n", "problem", "c"]);
  });

  it("are not joined to what the run before left at the end", () => {
    run(() => stream("old"));
    run(() => stream("new"));
    expect(shown()).toEqual(["new"]);
  });
});

describe("clear_output", () => {
  it("with wait replaces when the next output comes", () => {
    status("running");
    show("1");
    clear(true);
    expect(shown()).toEqual(["1"]);
    const before = element.querySelector(".ka-output");
    show("2");
    expect(shown()).toEqual(["2"]);
    expect(element.querySelector(".ka-output")).toBe(before);
  });

  it("without wait removes soon, but leaves controls", () => {
    status("running");
    cell.control(control("k"), null);
    show("1");
    clear(false);
    vi.advanceTimersByTime(101);
    expect(shown()).toEqual(["k"]);
    show("2");
    expect(shown()).toEqual(["k", "2"]);
  });

  it("with wait and nothing after it leaves the output", () => {
    run(() => [show("1"), clear(true)]);
    expect(shown()).toEqual(["1"]);
  });
});

describe("layout", () => {
  it("puts what is displayed inside the sidebar there, in the order of the cells", () => {
    const [, second] = make(1);
    layout({ op: "enter", id: "sidebar" }, second);
    bundle({ "text/html": "second" }, second);
    layout({ op: "enter", id: "sidebar" });
    show("first");
    layout({ op: "exit", id: "sidebar" });
    show("main");
    expect(shown(sidebar)).toEqual(["first", "second"]);
    expect(shown()).toEqual(["main"]);
  });

  it("keeps columns and what is in them from run to run", () => {
    const slider = control("k");
    const columns = () => {
      layout({ op: "block", kind: "columns", id: "c-0", widths: [1, 2], gap: "small", border: false });
      layout({ op: "enter", id: "c-0.1" });
      cell.control(slider, null);
      layout({ op: "exit", id: "c-0.1" });
    };
    run(columns);
    const column = element.querySelectorAll(".ka-column")[1];
    run(columns);
    expect(element.querySelectorAll(".ka-column")[1]).toBe(column);
    expect(column?.textContent).toBe("k");
  });

  it("leaves no empty stretch in the sidebar", () => {
    run(() => [layout({ op: "enter", id: "sidebar" }), show("x")]);
    run(() => {});
    expect(sidebar.childElementCount).toBe(0);
  });

  it("shows in the cell what is meant for a container that is gone", () => {
    layout({ op: "enter", id: "gone.0" });
    show("x");
    expect(shown()).toEqual(["x"]);
  });
});

describe("a cell that failed", () => {
  it("shows its error and none of the old output", () => {
    run(() => [show("a"), show("b")]);
    status("running");
    show("A");
    status("failed");
    expect(shown()).toEqual(["A"]);
    expect(element.querySelector(".ka-failed")?.textContent).toContain("It broke.");
  });

  it("lets those below it wait without old output, but with their controls", () => {
    run(() => [cell.control(control("k"), null), show("a")]);
    status("upstream-failed");
    expect(shown()).toEqual(["k"]);
    expect(element.querySelector(".ka-waits")).not.toBeNull();
  });

  it("shows nothing below a cell that stopped itself", () => {
    run(() => [cell.control(control("k"), null), show("a")]);
    status("upstream-stopped");
    expect(shown()).toEqual(["k"]);
    expect(element.querySelector(".ka-card")).toBeNull();
  });

  it("is well again after a run that is done", () => {
    status("failed");
    run(() => show("a"));
    expect(element.querySelector(".ka-card")).toBeNull();
  });
});

it("takes no room while it shows nothing", () => {
  run(() => {});
  expect(element.hasAttribute("data-empty")).toBe(true);
  show("x");
  expect(element.hasAttribute("data-empty")).toBe(false);
});

it("draws controls but no output when the author hides it", () => {
  element.dataset.hideOutput = "";
  run(() => [show("x"), stream("y"), cell.control(control("k"), null)]);
  expect(shown()).toEqual(["k"]);
});

it("forgets everything for a new page", () => {
  run(() => [show("x"), cell.control(control("k"), null)]);
  status("failed");
  cell.reset();
  expect(shown()).toEqual([]);
  expect(element.dataset.status).toBe("queued");
});

it("shows of a run that was stopped what it came to, and nothing of the one before", () => {
  status("running");
  show("one");
  show("two");
  status("done");
  status("running");
  show("three");
  status("stale");
  expect(element.textContent).toBe("three");
});
