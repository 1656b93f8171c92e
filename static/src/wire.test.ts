import { describe, expect, it } from "vitest";
import binary from "../../tests/wire_golden/binary.json";
import browserMessages from "../../tests/wire_golden/from_browser.json";
import serverMessages from "../../tests/wire_golden/from_server.json";
import values from "../../tests/wire_golden/values.json";
import { isDeclaration } from "./declarations.ts";
import { type BrowserMessage, parseBinaryMessage, parseServerMessage, WireError, writeMessage } from "./wire.ts";

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
      comm: ["event", "comm", "data"],
      stop: [],
      rerun: [],
      restart: [],
      ping: ["t"],
    };
    for (const { type, record, page, inputs, ...fields } of browserMessages) {
      expect(Object.keys(fields)).toEqual(required[type as BrowserMessage["type"]]);
      if (record !== undefined || page !== undefined || inputs !== undefined) expect(type).toBe("hello");
    }
    expect(new Set(browserMessages.map(({ type }) => type))).toEqual(new Set(Object.keys(required)));
  });
});

describe("messages with buffers", () => {
  const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

  it("are read as the golden file says, each buffer with memory of its own", () => {
    const { message, attached, frame } = binary.from_server;
    const read = parseBinaryMessage(bytes(frame).buffer);
    expect(read).toEqual({ ...message, attached: attached.map((each) => hex(each).buffer) });
  });

  it("are written as the golden file says, whatever holds the bytes", () => {
    const { message, attached, frame } = binary.from_browser;
    const { buffers: _, ...rest } = message;
    const whole = Uint8Array.from([9, 9, ...hex(attached[0] as string), 9]);
    for (const buffer of [hex(attached[0] as string).buffer, new DataView(whole.buffer, 2, 4)])
      expect(writeMessage(rest as BrowserMessage, [buffer])).toEqual(bytes(frame));
  });

  it("belong to widgets", () => {
    const head = new TextEncoder().encode('{"seq":1,"type":"settled","event":1}');
    expect(() => parseBinaryMessage(Uint8Array.from([0, 0, 0, head.length, ...head]).buffer)).toThrow(WireError);
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
