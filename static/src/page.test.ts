import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Connection } from "./connection.ts";
import { TabMemory } from "./memory.ts";
import { Page } from "./page.ts";
import type { BrowserMessage, ServerMessage } from "./wire.ts";
import "./mime/standard.ts";

const CHROME = `<header><button class="ka-drawer-toggle"></button><span class="ka-pill"></span><button class="ka-stop"></button>
<button class="ka-rerun"></button><button class="ka-renew"></button><div class="ka-progress"></div></header><p class="ka-live"></p><div class="ka-backdrop"></div>
<aside class="ka-sidebar"><button class="ka-drawer-close"></button><div class="ka-sidebar-body"></div></aside>
<div class="ka-banner"><p></p><button class="ka-restart"></button></div>
<div class="ka-cells"><ka-cell data-cell="c1"></ka-cell><ka-cell data-cell="c2"></ka-cell></div><p class="ka-notice"></p>`;
const SLIDER = {
  ...{ key: "k", kind: "slider", label: "Periods", help: null, disabled: false, label_visibility: "visible", nullable: false },
  ...{ value: 10, number: "int", min: 0, max: 100, step: 1, range: false, format: null },
};

let page: Page;
let memory: TabMemory;
let sent: BrowserMessage[];
let opened: number;

beforeEach(() => {
  document.body.innerHTML = CHROME;
  sessionStorage.clear();
  memory = new TabMemory("app");
  sent = [];
  opened = 0;
  page = new Page(document.body, memory);
  page.connect({
    open: () => {
      opened += 1;
    },
    stop: () => {},
    send: (message: BrowserMessage) => sent.push(message) > 0,
  } as unknown as Connection);
});

const state = () => document.body.dataset.state;
const receive = (message: object) => page.message({ seq: 1, ...message } as ServerMessage);
const status = (to: string, rest: object = {}) =>
  receive({ type: "status", state: to, place: null, detail: null, restartable: false, ...rest });
const up = (resumed = false, same = false) =>
  page.up(
    {
      type: "hello",
      seq: 0,
      session: "s",
      app: "a",
      protocol: "kernelapp.v1",
      resumed,
      state: "starting",
      last_seq: 0,
      last_event: 0,
      lost: null,
    },
    same,
    true,
  );
const display = (cell: string, text: string, id: string) =>
  receive({
    ...{ type: "output", cell, op: "append", kind: "display_data" },
    content: { data: { "text/html": text }, metadata: {}, transient: { display_id: id } },
  });

async function declare(): Promise<HTMLInputElement> {
  receive({ type: "control", op: "declare", cell: "c1", control: SLIDER });
  return vi.waitUntil(() => document.querySelector<HTMLInputElement>("[data-control=k] input"), {
    interval: 5,
  }) as Promise<HTMLInputElement>;
}

function move(input: HTMLInputElement, value: string): void {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

describe("the page's state", () => {
  it("is that of the session when everything that was missed is shown", () => {
    const hello = { session: "s", app: "a", protocol: "kernelapp.v1", state: "idle", last_seq: 2, last_event: 0, lost: null } as const;
    page.up({ type: "hello", seq: 0, resumed: false, ...hello }, false, false);
    expect(state()).toBe("connecting");
    receive({ type: "settled", event: 0 });
    expect(state()).toBe("connecting");
    status("idle", { seq: 2 });
    expect(state()).toBe("idle");
    page.down();
    page.up({ type: "hello", seq: 0, resumed: true, ...hello }, true, true);
    expect(state()).toBe("idle");
  });

  it("tells a viewer whose session is gone", () => {
    const hello = { session: "s", app: "a", protocol: "kernelapp.v1", state: "queued", last_seq: 0, last_event: 0 } as const;
    page.up({ type: "hello", seq: 0, resumed: false, lost: "ended", ...hello }, false, true);
    expect(document.querySelector(".ka-notice")?.textContent).toContain("earlier session has ended");
  });

  it("follows the connection and the session", () => {
    expect(state()).toBe("connecting");
    up();
    expect(state()).toBe("starting");
    status("queued", { place: 3 });
    expect([state(), document.querySelector(".ka-pill")?.textContent]).toEqual(["queued", "Waiting: place 3"]);
    status("running");
    expect(state()).toBe("running");
    status("idle");
    expect(state()).toBe("idle");
    page.down();
    expect(state()).toBe("reconnecting");
    up(true, true);
    expect(state()).toBe("starting");
  });

  it("is running from the moment of the viewer's change until it is answered", async () => {
    up();
    status("idle");
    const input = await declare();
    move(input, "42");
    expect(state()).toBe("running");
    expect(sent).toEqual([{ type: "event", event: 1, control: "k", value: 42 }]);
    status("idle");
    expect(state()).toBe("running");
    receive({ type: "settled", event: 1 });
    expect(state()).toBe("idle");
  });

  it("shows around the cells only runs that take their time", () => {
    vi.useFakeTimers();
    up();
    status("idle");
    const before = document.querySelector("header")?.innerHTML;
    const shown = () => [document.body.dataset.shown, document.querySelector("header")?.innerHTML === before];
    for (const to of ["running", "idle", "running"]) {
      status(to);
      vi.advanceTimersByTime(200);
      expect(shown()).toEqual(["idle", true]);
    }
    vi.advanceTimersByTime(100);
    expect(shown()).toEqual(["running", false]);
    status("idle");
    expect(shown()).toEqual(["idle", true]);
    vi.useRealTimers();
  });

  it("is idle again when an event is refused, with the value and a reason at the control", async () => {
    up();
    status("idle");
    const input = await declare();
    move(input, "42");
    receive({ type: "error", seq: 0, code: "bad-value", message: "Not 42.", event: 1 });
    expect(state()).toBe("idle");
    await vi.waitFor(() => expect(input.value).toBe("10"));
    expect(document.querySelector(".ka-message")?.textContent).toBe("Not 42.");
  });

  it("waits for the real answer to an event that was sent twice around a dropped connection", async () => {
    up();
    status("idle");
    move(await declare(), "42");
    page.down();
    up(true, true);
    expect(sent).toHaveLength(2);
    receive({ type: "error", seq: 0, code: "old-event", message: "Again?", event: 1 });
    status("idle");
    expect(state()).toBe("running");
    receive({ type: "settled", event: 1 });
    expect(state()).toBe("idle");
  });

  it("is dead with a reason and a restart", () => {
    up();
    status("dead", { detail: "Killed.", restartable: true });
    expect(document.querySelector<HTMLElement>(".ka-banner")?.hidden).toBe(false);
    expect(document.querySelector(".ka-banner p")?.textContent).toBe("Killed.");
    document.querySelector<HTMLElement>(".ka-restart")?.click();
    expect(sent).toEqual([{ type: "restart" }]);
  });

  it("offers to end what does not react to Stop", () => {
    up();
    status("running", { detail: "It does not react.", restartable: true });
    const banner = document.querySelector<HTMLElement>(".ka-banner");
    expect([state(), banner?.hidden, banner?.querySelector("p")?.textContent]).toEqual(["running", false, "It does not react."]);
    expect(document.querySelector(".ka-restart")?.textContent).toBe("End it");
    status("running");
    status("idle");
    expect(banner?.hidden).toBe(true);
  });

  it("is dead when there is no room, and asks again when the viewer does", () => {
    receive({ type: "error", seq: 0, code: "full", message: "No room.", event: null });
    page.down();
    expect(state()).toBe("dead");
    document.querySelector<HTMLElement>(".ka-restart")?.click();
    expect([state(), opened]).toEqual(["connecting", 2]);
  });
});

describe("a page that was painted from a record", () => {
  const record = () =>
    [
      { seq: 1, type: "cell", cell: "c1", status: "done", run: 1, error: null },
      { seq: 2, type: "control", op: "declare", cell: "c1", control: SLIDER },
      { seq: 3, type: "cell", cell: "c2", status: "queued", run: 1, error: null },
      { seq: 4, type: "output", cell: "c2", op: "append", kind: "stream", content: { name: "stdout", text: "old" } },
    ] as ServerMessage[];
  const slider = () => document.querySelector<HTMLInputElement>("[data-control=k] input");
  const painted = () => vi.waitUntil(slider, { interval: 5 }) as Promise<HTMLInputElement>;

  it("shows everything at once and connects", async () => {
    page.paint(record());
    const input = await painted();
    expect([state(), input.value, document.querySelector("[data-cell=c2] pre")?.textContent]).toEqual(["connecting", "10", "old"]);
    expect(document.querySelector<HTMLElement>("[data-cell=c2]")?.dataset.status).toBe("queued");
  });

  it("is hidden until then, as far as it may move, and not without a record", async () => {
    document.body.dataset.painting = "";
    page.paint(record());
    expect(document.body.dataset.painting).toBe("");
    await painted();
    expect(document.body.dataset.painting).toBeUndefined();
    document.body.dataset.painting = "";
    page.paint([]);
    expect(document.body.dataset.painting).toBeUndefined();
  });

  it("goes on in its session with the same elements, and sends what the viewer did meanwhile", async () => {
    page.paint(record());
    const input = await painted();
    move(input, "42");
    up(true, false);
    status("idle");
    expect(sent).toContainEqual({ type: "event", event: 1, control: "k", value: 42 });
    expect([slider() === input, state()]).toEqual([true, "running"]);
    receive({ type: "settled", event: 1 });
    expect(state()).toBe("idle");
  });

  it("is replaced by a session of another record, which gets what the viewer did", async () => {
    page.paint(record());
    move(await painted(), "42");
    up(false, false);
    expect(slider()).toBeNull();
    await declare();
    expect(sent.at(-1)).toEqual({ type: "event", event: 1, control: "k", value: 42 });
  });
});

it("keeps what comes after a control behind it, while the controls are loading", async () => {
  up();
  void declare();
  receive({ type: "cell", cell: "c1", status: "done", run: 1, error: null });
  await vi.waitFor(() => expect(document.querySelector<HTMLElement>("[data-cell=c1]")?.dataset.status).toBe("done"));
  expect(document.querySelector("[data-cell=c1] [data-control=k]")).not.toBeNull();
});

it("moves a control to the cell that declares it, with its element", async () => {
  up();
  await declare();
  const element = document.querySelector("[data-control=k]");
  receive({ type: "control", op: "declare", cell: "c2", control: SLIDER });
  expect(document.querySelector("[data-cell=c2] [data-control=k]")).toBe(element);
  receive({ type: "control", op: "remove", cell: "c2", control: { key: "k" } });
  expect(document.querySelector("[data-control=k]")).toBeNull();
});

it("updates a display wherever it is shown", () => {
  up();
  display("c1", "one", "d");
  display("c2", "one", "d");
  display("c2", "other", "e");
  receive({
    ...{ type: "output", cell: "c1", op: "update", kind: "update_display_data" },
    content: { data: { "text/html": "two" }, metadata: {}, transient: { display_id: "d" } },
  });
  expect([...document.querySelectorAll(".ka-output")].map((node) => node.textContent)).toEqual(["two", "two", "other"]);
});

it("forgets everything when the session is new, and nothing when it is resumed", () => {
  up();
  display("c1", "one", "d");
  up(true, true);
  expect(document.querySelector(".ka-output")).not.toBeNull();
  up(false, false);
  expect(document.querySelector(".ka-output")).toBeNull();
});

it("says what the server refuses without an event", () => {
  up();
  receive({ type: "error", seq: 0, code: "rate", message: "Too fast.", event: null });
  expect(document.querySelector(".ka-notice")?.textContent).toBe("Too fast.");
});

it("sends stop and rerun", () => {
  up();
  document.querySelector<HTMLElement>(".ka-stop")?.click();
  document.querySelector<HTMLElement>(".ka-rerun")?.click();
  expect(sent).toEqual([{ type: "stop" }, { type: "rerun" }]);
});
