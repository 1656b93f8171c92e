import { beforeEach, expect, it, vi } from "vitest";
import { TabMemory } from "./memory.ts";

beforeEach(() => sessionStorage.clear());

it("brings back the session, the values and the place after a refresh", () => {
  const before = new TabMemory("a");
  before.session = "s";
  before.keep("k", 5);
  before.keep("k", 6);
  before.leave(120);
  const after = new TabMemory("a");
  expect([after.session, after.inputs, after.scroll]).toEqual(["s", { k: 6 }, 120]);
});

it("keeps apps apart", () => {
  new TabMemory("a").session = "s";
  expect(new TabMemory("b").session).toBeNull();
});

it("writes no secret down, but knows it while the page lives", () => {
  const memory = new TabMemory("a");
  memory.keep("password", "word", true);
  memory.keep("k", 1);
  expect(memory.inputs).toEqual({ password: "word", k: 1 });
  expect(new TabMemory("a").inputs).toEqual({ k: 1 });
});

it("forgets when the viewer starts over", () => {
  const memory = new TabMemory("a");
  memory.session = "s";
  memory.keep("k", 1);
  memory.forget();
  expect([new TabMemory("a").session, new TabMemory("a").inputs]).toEqual([null, {}]);
});

it("brings back what was changed of widgets, unless it is too much", () => {
  const before = new TabMemory("a");
  before.keepWidget("m", { value: 1, index: 2 });
  before.keepWidget("m", { value: 3 });
  before.keepWidget("large", { value: "x".repeat(5_000) });
  before.keepWidget("large", { more: "x".repeat(5_000) });
  before.leave(0);
  expect(new TabMemory("a").widgets).toEqual({ m: { value: 3, index: 2 } });
  before.forget();
  expect(new TabMemory("a").widgets).toEqual({});
});

it.each(["no JSON", "[]", '{"session": 5, "inputs": []}', "null"])("takes %s in the storage for nothing", (text) => {
  sessionStorage.setItem("a", text);
  expect([new TabMemory("a").session, new TabMemory("a").inputs]).toEqual([null, {}]);
});

it("goes on where there is no storage", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full");
  });
  const memory = new TabMemory("a");
  memory.session = "s";
  expect(memory.session).toBe("s");
  vi.restoreAllMocks();
});
