import { beforeEach, describe, expect, it, vi } from "vitest";
import { DRAG_WAIT_MS, EventQueue } from "./events.ts";
import type { Value } from "./wire.ts";

let sent: [number, string, Value][];
let kept: [string, Value][];
let online: boolean;
let queue: EventQueue;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  kept = [];
  online = true;
  queue = new EventQueue(
    (message) => {
      if (online && message.type === "event") sent.push([message.event, message.control, message.value]);
      if (online && message.type === "comm") sent.push([message.event, message.comm, String(message.data)]);
      return online;
    },
    () => {},
    (key, value) => kept.push([key, value]),
  );
});

describe("while a control is dragged", () => {
  it("has one event under way, and sends the newest value when that is settled", () => {
    for (const value of [1, 2, 3]) queue.drag("k", value);
    expect(sent).toEqual([[1, "k", 1]]);
    queue.settled(1);
    expect(sent).toEqual([
      [1, "k", 1],
      [2, "k", 3],
    ]);
  });

  it("does not wait longer than its limit for a slow notebook", () => {
    queue.drag("k", 1);
    queue.drag("k", 2);
    vi.advanceTimersByTime(DRAG_WAIT_MS);
    expect(sent.at(-1)).toEqual([2, "k", 2]);
  });

  it("sends the value at which it is let go at once, and only once", () => {
    queue.drag("k", 1);
    queue.drag("k", 2);
    queue.commit("k", 3);
    queue.commit("k", 3);
    vi.advanceTimersByTime(DRAG_WAIT_MS);
    queue.settled(2);
    expect(sent.map(([, , value]) => value)).toEqual([1, 3]);
  });

  it("does not make another control wait", () => {
    queue.drag("a", 1);
    queue.drag("b", 1);
    expect(sent).toHaveLength(2);
  });
});

describe("what is answered", () => {
  it("is nothing before an event is settled or refused", () => {
    queue.commit("a", 1);
    queue.commit("b", 1);
    expect(queue.busy()).toBe(true);
    queue.settled(1);
    expect([queue.busy("a"), queue.busy("b")]).toEqual([false, true]);
    expect(queue.refused(2)).toBe("b");
    expect(queue.busy()).toBe(false);
  });

  it("is not a value that still waits to be sent", () => {
    queue.drag("k", 1);
    queue.drag("k", 2);
    queue.settled(1);
    expect(queue.busy()).toBe(true);
  });

  it("lets a refused value be sent again", () => {
    queue.commit("k", 1);
    queue.refused(1);
    queue.commit("k", 1);
    expect(sent).toHaveLength(2);
  });

  it("lets a value be sent again that the server has changed since", () => {
    queue.commit("k", 500);
    queue.settled(1);
    queue.declared("k", 100);
    queue.commit("k", 500);
    expect(sent).toHaveLength(2);
  });

  it("takes the refusal of an unknown event for nothing", () => {
    expect(queue.refused(7)).toBeNull();
  });
});

it("counts every press of a button", () => {
  queue.press("go");
  queue.press("go");
  expect(sent.map(([event]) => event)).toEqual([1, 2]);
});

describe("after a dropped connection", () => {
  it("sends the newest unanswered value of each control, and every press", () => {
    online = false;
    queue.commit("a", 1);
    queue.commit("a", 2);
    queue.press("go");
    queue.press("go");
    online = true;
    queue.resume();
    expect(sent).toEqual([
      [2, "a", 2],
      [3, "go", true],
      [4, "go", true],
    ]);
  });

  it("keeps for a new page what was done on the one before, until the controls are there", () => {
    online = false;
    queue.commit("a", 1);
    queue.drag("a", 2);
    queue.press("go");
    online = true;
    queue.begin(4, true);
    expect(queue.busy()).toBe(false);
    queue.declared("go", false);
    queue.declared("a", 0);
    queue.declared("a", 0);
    expect(sent).toEqual([
      [5, "go", true],
      [6, "a", 2],
    ]);
  });

  it("does not do again what the new page has done already", () => {
    online = false;
    queue.commit("a", 2);
    online = true;
    queue.begin(0, true);
    queue.declared("a", 2);
    expect(sent).toEqual([]);
  });

  it("numbers what was done before there was a session after what that session has taken", () => {
    online = false;
    queue.commit("a", 1);
    online = true;
    queue.begin(7, false);
    expect(sent).toEqual([[8, "a", 1]]);
  });

  it("tells which values last: those of buttons do not", () => {
    queue.commit("a", 1);
    queue.press("go");
    queue.begin(0, true);
    queue.declared("go", false);
    expect(kept).toEqual([["a", 1]]);
  });

  it("counts from 1 again in a new session", () => {
    queue.commit("a", 1);
    queue.drag("a", 2);
    queue.begin(0, true);
    expect(queue.busy()).toBe(false);
    queue.commit("a", 3);
    expect(sent.at(-1)).toEqual([1, "a", 3]);
  });
});

describe("messages of widgets", () => {
  it("are numbered together with events, and keep the queue busy until they are settled", () => {
    queue.commit("k", 1);
    expect(queue.comm("m", "a", [])).toBe(2);
    queue.settled(1);
    expect(queue.busy()).toBe(true);
    queue.settled(2);
    expect(queue.busy()).toBe(false);
  });

  it("are all sent again after a reconnect, in the order of all events", () => {
    online = false;
    queue.comm("m", "a", []);
    queue.commit("k", 1);
    queue.commit("k", 2);
    queue.comm("m", "b", []);
    online = true;
    queue.resume();
    expect(sent).toEqual([
      [1, "m", "a"],
      [3, "k", 2],
      [4, "m", "b"],
    ]);
  });

  it("that were sent before there was a session reach the one that the page was painted for, under the numbers they have", () => {
    online = false;
    queue.comm("m", "a", []);
    queue.commit("k", 1);
    queue.comm("m", "b", []);
    online = true;
    queue.begin(0, false);
    expect(sent).toEqual([
      [1, "m", "a"],
      [2, "k", 1],
      [3, "m", "b"],
    ]);
    expect(queue.comm("m", "c", [])).toBe(4);
    queue.settled(4);
    expect(queue.busy()).toBe(false);
  });

  it("are over when they are refused", () => {
    queue.comm("m", "a", []);
    expect(queue.refused(1)).toBeNull();
    expect(queue.busy()).toBe(false);
  });
});
