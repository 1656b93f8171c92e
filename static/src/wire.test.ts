import { describe, expect, it } from "vitest";
import browserMessages from "../../tests/wire_golden/from_browser.json";
import serverMessages from "../../tests/wire_golden/from_server.json";
import values from "../../tests/wire_golden/values.json";
import { isDeclaration } from "./declarations.ts";
import { type BrowserMessage, parseServerMessage, WireError } from "./wire.ts";

describe("messages from the server", () => {
  it.each(serverMessages.map((message) => [`${message.type} ${message.seq}`, message]))("reads the golden %s", (_, message) => {
    expect(parseServerMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each([
    ["no JSON", "hello"],
    ["a list", "[]"],
    ["no type", '{"seq": 1}'],
    ["a type of the prototype", '{"seq": 1, "type": "constructor"}'],
    ["a browser's type", '{"seq": 1, "type": "stop"}'],
    ["no seq", '{"type": "pong", "t": 1}'],
    ["a seq that is no whole number", '{"seq": 1.5, "type": "pong", "t": 1}'],
    ["an unknown state", '{"seq": 1, "type": "status", "state": "asleep", "place": null, "detail": null, "restartable": false}'],
    ["an unknown cell status", '{"seq": 1, "type": "cell", "cell": "c", "status": "lost", "run": 1, "error": null}'],
    ["a stream without text", '{"seq": 1, "type": "output", "cell": "c", "op": "append", "kind": "stream", "content": {"name": "stdout"}}'],
    ["an unknown kind of output", '{"seq": 1, "type": "output", "cell": "c", "op": "append", "kind": "error", "content": {}}'],
    ["a bundle without data", '{"seq": 1, "type": "output", "cell": "c", "op": "update", "kind": "x", "content": {"metadata": {}}}'],
    ["a declaration without a kind", '{"seq": 1, "type": "control", "op": "declare", "cell": "c", "control": {"key": "k"}}'],
    ["a settled event that is no number", '{"seq": 1, "type": "settled", "event": "1"}'],
  ])("refuses %s", (_, text) => {
    expect(() => parseServerMessage(text)).toThrow(WireError);
  });

  it("lets fields through that a newer server may add", () => {
    const message = { seq: 1, type: "settled", event: 1, more: true };
    expect(parseServerMessage(JSON.stringify(message))).toEqual(message);
  });
});

describe("messages to the server", () => {
  it("has a type for each golden message", () => {
    const required: Record<BrowserMessage["type"], string[]> = {
      hello: ["session", "last_seq"],
      event: ["event", "control", "value"],
      stop: [],
      rerun: [],
      ping: ["t"],
    };
    for (const { type, record, page, inputs, ...fields } of browserMessages) {
      expect(Object.keys(fields)).toEqual(required[type as BrowserMessage["type"]]);
      if (record !== undefined || page !== undefined || inputs !== undefined) expect(type).toBe("hello");
    }
    expect(new Set(browserMessages.map(({ type }) => type))).toEqual(new Set(Object.keys(required)));
  });
});

describe("declarations", () => {
  it.each(values.map(({ control }) => [control.kind, control]))("reads the golden %s", (_, control) => {
    expect(isDeclaration(control)).toBe(true);
  });

  it("refuses a kind that it does not know, and one without its fields", () => {
    const { control } = values[0] as { control: object };
    expect(isDeclaration({ ...control, kind: "teleporter" })).toBe(false);
    expect(isDeclaration({ ...control, kind: "slider" })).toBe(false);
  });
});
