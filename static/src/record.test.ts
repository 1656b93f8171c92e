import { describe, expect, it, vi } from "vitest";
import { readRecord } from "./record.ts";

function element(text: string): HTMLElement {
  return Object.assign(document.createElement("script"), { type: "application/json", textContent: text });
}

describe("the record that came with the page", () => {
  it("is read as messages, and names the last number", () => {
    const frames = [
      { seq: 6, type: "cell", cell: "c1", status: "done", run: 1, error: null },
      { seq: 7, type: "output", cell: "c1", op: "append", kind: "stream", content: { name: "stdout", text: "<b>" } },
    ];
    const text = JSON.stringify({ record: "r1", frames }).replaceAll("<", "\\u003c");
    expect(readRecord(element(text))).toEqual({ record: "r1", lastSeq: 7, messages: frames });
  });

  it("is nothing where there is none, or where it cannot be read", () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(readRecord(null)).toBeNull();
    expect(readRecord(element('{"record":"r1","frames":[]}'))?.lastSeq).toBe(0);
    for (const text of ["{", "{}", '{"record":"r1","frames":[{"seq":1,"type":"what"}]}', "null"]) {
      expect(readRecord(element(text)), text).toBeNull();
    }
    expect(error).toHaveBeenCalledTimes(4);
    error.mockRestore();
  });
});
