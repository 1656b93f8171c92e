import { beforeEach, describe, expect, it, vi } from "vitest";
import { Comms } from "./comms.ts";
import type { CommMessage, Display } from "./wire.ts";
import { isDrawing } from "./work.ts";

const manager = vi.hoisted(() => ({ log: [] as string[], release: new Map<string, () => void>() }));

vi.mock("./widgets/index.ts", () => ({
  Manager: class {
    /** Takes as long as the test wants for widgets whose id begins with "slow". */
    async receive({ comm, ...message }: CommMessage): Promise<void> {
      const what = `${"op" in message ? message.op : ""} ${comm}`;
      manager.log.push(`begin ${what}`);
      if (comm.startsWith("slow")) await new Promise<void>((resolve) => manager.release.set(comm, resolve));
      if (comm.startsWith("bad")) throw new Error("bad");
      manager.log.push(`end ${what}`);
    }
    settled(event: number): void {
      manager.log.push(`settled ${event}`);
    }
    update(content: Display): void {
      manager.log.push(`update ${content.transient?.display_id}`);
    }
    async reset(): Promise<void> {
      manager.log.push("reset");
    }
    async show(_host: HTMLElement, data: unknown): Promise<void> {
      manager.log.push(`show ${data}`);
    }
  },
}));

let comms: Comms;
let said: string[];
const message = (op: "open" | "msg" | "close", comm: string, data: object = {}): CommMessage => ({
  ...{ type: "comm", seq: 1, op, comm, version: null, event: null, texts: {}, buffers: [] },
  content: { comm_id: comm, data },
});
const receive = (op: "open" | "msg" | "close", comm: string, running = false) => comms.receive(message(op, comm), running);
const until = (entry: string) => vi.waitUntil(() => manager.log.includes(entry), { interval: 1 });
const show = (id: string) => comms.show(document.createElement("div"), id, new AbortController().signal);

beforeEach(() => {
  manager.log.length = 0;
  manager.release.clear();
  said = [];
  comms = new Comms(
    () => 1,
    (text) => said.push(text),
  );
});

describe("messages of widgets", () => {
  it("are handled one after the other, each awaited", async () => {
    receive("open", "slow");
    receive("msg", "slow2");
    receive("msg", "quick");
    await until("begin open slow");
    expect(manager.log).toEqual(["begin open slow"]);
    expect(isDrawing()).toBe(true);
    manager.release.get("slow")?.();
    await until("begin msg slow2");
    manager.release.get("slow2")?.();
    await until("end msg quick");
    expect(manager.log).toEqual([
      "begin open slow",
      "end open slow",
      "begin msg slow2",
      "end msg slow2",
      "begin msg quick",
      "end msg quick",
    ]);
    await vi.waitUntil(() => !isDrawing());
  });

  it("that fail do not keep the others from being handled", async () => {
    const complained = vi.spyOn(console, "error").mockImplementation(() => {});
    receive("open", "bad");
    receive("open", "good");
    await until("end open good");
    expect(complained).toHaveBeenCalledOnce();
  });

  it("that hang are given up, and the viewer is told; what comes for the same widget waits for it, and the page for neither", async () => {
    vi.useFakeTimers();
    receive("open", "slow");
    receive("msg", "slow");
    receive("open", "next");
    await vi.advanceTimersByTimeAsync(19_000);
    expect(isDrawing()).toBe(true);
    expect(said).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(manager.log).toEqual(["begin open slow", "begin open next", "end open next"]);
    expect(said).toHaveLength(1);
    expect(isDrawing()).toBe(false);
    vi.useRealTimers();
    manager.release.get("slow")?.();
    await until("begin msg slow");
    manager.release.get("slow")?.();
    await until("end msg slow");
    receive("msg", "next");
    await until("end msg next");
  });

  it("keep the page from being idle for as long as they come and are handled", async () => {
    vi.useFakeTimers();
    for (let i = 0; i < 10; i += 1) receive("msg", `slow${i}`);
    for (let i = 0; i < 10; i += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      expect(isDrawing()).toBe(true);
      manager.release.get(`slow${i}`)?.();
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(isDrawing()).toBe(false);
    expect(said).toEqual([]);
    vi.useRealTimers();
  });

  it("come before the views that follow them, which later ones do not wait for", async () => {
    receive("open", "slow");
    const shown = show("view");
    receive("msg", "slow2");
    await until("begin open slow");
    manager.release.get("slow")?.();
    await shown;
    expect(manager.log.indexOf("show view")).toBeGreaterThan(manager.log.indexOf("end open slow"));
    expect(manager.log).not.toContain("end msg slow2");
    await until("begin msg slow2");
    manager.release.get("slow2")?.();
    await until("end msg slow2");
  });

  it("of a page that is gone do not leave its views waiting", async () => {
    receive("open", "slow");
    const ending = new AbortController();
    const shown = comms.show(document.createElement("div"), "view", ending.signal);
    await until("begin open slow");
    ending.abort();
    comms.reset();
    await shown;
    manager.release.get("slow")?.();
    await until("reset");
    expect(manager.log).not.toContain("show view");
  });

  it("of a page that is gone are forgotten", async () => {
    receive("open", "slow");
    receive("open", "old");
    await until("begin open slow");
    comms.reset();
    receive("open", "new");
    manager.release.get("slow")?.();
    await until("end open new");
    expect(manager.log).toEqual(["begin open slow", "end open slow", "reset", "begin open new", "end open new"]);
  });
});

describe("widgets that are out of date", () => {
  const close = (running: boolean, data: object) => comms.receive(message("close", "m", data), running);

  it("stay to be seen until the cells are done", async () => {
    receive("open", "m");
    await until("end open m");
    close(true, { superseded: true });
    receive("open", "n");
    await until("end open n");
    expect(manager.log).not.toContain("begin close m");
    comms.settled(1);
    await until("end close m");
  });

  it.each([
    [false, { superseded: true }],
    [true, {}],
  ])("go at once otherwise", async (running, data) => {
    close(running, data);
    await until("end close m");
  });
});
