import { expect, it, vi } from "vitest";
import { DisplayItem } from "./items.ts";
import { prefer } from "./mime/registry.ts";
import { isDrawing } from "./work.ts";

it("an output that takes long to be drawn says so, keeps the page waiting for half a minute, and is shown when it is there", async () => {
  vi.useFakeTimers();
  let drawn = () => {};
  prefer({ matches: /^x\/slow$/, render: () => new Promise<void>((resolve) => (drawn = resolve)) });
  const item = new DisplayItem();
  item.show({ data: { "x/slow": 1 }, metadata: {} });
  await vi.advanceTimersByTimeAsync(29_000);
  expect(isDrawing()).toBe(true);
  expect(item.node.textContent).toBe("");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(isDrawing()).toBe(false);
  expect(item.node.textContent).toContain("takes long");
  drawn();
  await vi.advanceTimersByTimeAsync(0);
  expect(item.node.textContent).toBe("");
  expect(item.node.querySelector("[data-mime='x/slow']")).not.toBeNull();
  vi.useRealTimers();
});
