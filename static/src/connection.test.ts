import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connection, type Listener, type Place } from "./connection.ts";
import type { ServerMessage } from "./wire.ts";

class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen = () => {};
  onmessage = (_: { data: string }) => {};
  onclose = (_?: { code: number }) => {};

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code = 1006): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose({ code });
  }

  open(): void {
    this.readyState = 1;
    this.onopen();
  }

  receive(message: object): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

const hello = (session: string, resumed: boolean) => ({
  seq: 0,
  type: "hello",
  session,
  app: "a",
  protocol: "kernelapp.v1",
  resumed,
  state: "running",
  last_seq: 0,
  last_event: 0,
  lost: null,
});
const settled = (seq: number) => ({ seq, type: "settled", event: seq });

let log: string[];
let connection: Connection;
let place: Place;

const listener: Listener = {
  up: ({ resumed }, same) => log.push(`up ${resumed} ${same}`),
  message: (message: ServerMessage) => log.push(`${message.type} ${message.seq}`),
  down: () => log.push("down"),
};

function latest(): FakeSocket {
  return FakeSocket.all.at(-1) as FakeSocket;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.spyOn(console, "error").mockImplementation(() => {});
  FakeSocket.all = [];
  log = [];
  place = { session: null, inputs: {} };
  connection = new Connection("ws://host/socket", listener, place, null, () => 1);
  connection.open();
  latest().open();
});

afterEach(() => {
  connection.stop();
  vi.unstubAllGlobals();
});

it("opens with the protocol and a hello of a new session", () => {
  expect([latest().url, latest().protocol]).toEqual(["ws://host/socket", "kernelapp.v1"]);
  expect(latest().sent).toMatchObject([{ type: "hello", session: null, last_seq: 0, inputs: {} }]);
});

it("sends nothing before the server has said hello", () => {
  expect(connection.send({ type: "stop" })).toBe(false);
  latest().receive(hello("s", false));
  expect(connection.send({ type: "stop" })).toBe(true);
});

describe("after a lost socket", () => {
  it("comes back with the session and the last number it has", () => {
    latest().receive(hello("s", false));
    latest().receive(settled(1));
    latest().receive(settled(2));
    latest().close();
    vi.advanceTimersByTime(250);
    latest().open();
    expect(latest().sent).toMatchObject([{ type: "hello", session: "s", last_seq: 2 }]);
    latest().receive(hello("s", true));
    latest().receive(settled(2));
    latest().receive(settled(3));
    expect(log).toEqual(["up false false", "settled 1", "settled 2", "down", "up true true", "settled 3"]);
  });

  it("takes the numbering of a page that is sent whole", () => {
    latest().receive(hello("s", false));
    latest().receive(settled(5));
    latest().close();
    vi.advanceTimersByTime(250);
    latest().open();
    latest().receive(hello("s2", false));
    latest().receive(settled(1));
    expect(log.slice(-2)).toEqual(["up false false", "settled 1"]);
  });

  it("names the record that it was painted from until there is a session", () => {
    connection.stop();
    connection.stop();
    connection = new Connection("ws://host/socket", listener, place, { record: "r1", lastSeq: 6 }, () => 1);
    connection.open();
    latest().close();
    vi.advanceTimersByTime(250);
    latest().open();
    expect(latest().sent).toMatchObject([{ type: "hello", session: null, last_seq: 6, record: "r1" }]);
    latest().receive(hello("s", true));
    latest().receive(settled(7));
    expect(log.slice(-2)).toEqual(["up true false", "settled 7"]);
    latest().close();
    vi.advanceTimersByTime(250);
    latest().open();
    expect(latest().sent).toMatchObject([{ type: "hello", session: "s", last_seq: 7 }]);
  });

  it("waits longer after each failure, up to a limit", () => {
    for (const delay of [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
      latest().close();
      const before = FakeSocket.all.length;
      vi.advanceTimersByTime(delay - 1);
      expect(FakeSocket.all).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all).toHaveLength(before + 1);
    }
  });

  it("gives a server time that says it is busy", () => {
    for (const delay of [8000, 10_000]) {
      latest().receive({ type: "error", seq: 0, code: "busy", message: "Too many.", event: null });
      latest().close(4008);
      const before = FakeSocket.all.length;
      vi.advanceTimersByTime(delay - 1);
      expect(FakeSocket.all).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all).toHaveLength(before + 1);
    }
  });

  it("tries at once when the network is back", () => {
    latest().close();
    dispatchEvent(new Event("online"));
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("tries anew at once when the network is back while it waits for an answer", () => {
    latest().close();
    vi.advanceTimersByTime(250);
    dispatchEvent(new Event("online"));
    expect(FakeSocket.all).toHaveLength(3);
    expect(FakeSocket.all[1]?.readyState).toBe(3);
  });

  it("gives up a server that does not say hello", () => {
    vi.advanceTimersByTime(20_000);
    expect(log).toEqual(["down"]);
    vi.advanceTimersByTime(250);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("stays away when told that there is no room", () => {
    connection.stop();
    latest().close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });
});

describe("the numbering", () => {
  it("does not show what comes twice", () => {
    latest().receive(hello("s", false));
    latest().receive(settled(1));
    latest().receive(settled(1));
    expect(log.filter((each) => each === "settled 1")).toHaveLength(1);
  });

  it("connects again at a hole, and takes one that is still there for the journal's own", () => {
    latest().receive(hello("s", false));
    latest().receive(settled(1));
    latest().receive(settled(3));
    expect(log).not.toContain("settled 3");
    vi.advanceTimersByTime(250);
    latest().open();
    expect(latest().sent).toMatchObject([{ type: "hello", session: "s", last_seq: 1 }]);
    latest().receive(hello("s", true));
    latest().receive(settled(3));
    expect(log.at(-1)).toBe("settled 3");
  });

  it("goes on after a message that it cannot read", () => {
    latest().receive(hello("s", false));
    latest().receive({ seq: 1, type: "from the future" });
    latest().receive(settled(2));
    expect(log.at(-1)).toBe("settled 2");
  });
});

describe("the place of the page", () => {
  it("is told at each hello, by one name, with the viewer's values", () => {
    connection.stop();
    place = { session: "s", inputs: { k: 5 } };
    connection = new Connection("ws://host/socket", listener, place, null, () => 1);
    connection.open();
    latest().open();
    const [first] = latest().sent;
    expect(first).toMatchObject({ type: "hello", session: "s", last_seq: 0, inputs: { k: 5 } });
    latest().close();
    vi.advanceTimersByTime(250);
    latest().open();
    expect(latest().sent[0]?.page).toBe(first?.page);
    expect(String(first?.page)).toMatch(/^[0-9a-z-]{10,}$/);
  });

  it("is remembered, and one that is remembered has not been met by this page", () => {
    place.session = "s";
    latest().receive({ ...hello("s", false), last_event: 3 });
    expect(place.session).toBe("s");
    expect(log).toEqual(["up false false"]);
  });

  it("is given up for a new session", () => {
    latest().receive(hello("s", false));
    connection.renew();
    latest().open();
    expect(latest().sent).toMatchObject([{ session: null, last_seq: 0 }]);
  });
});

it("closes when the browser puts the page away, and comes back with it", () => {
  latest().receive(hello("s", false));
  latest().receive(settled(1));
  dispatchEvent(new Event("pagehide"));
  expect(latest().readyState).toBe(3);
  expect(FakeSocket.all).toHaveLength(1);
  dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  latest().open();
  expect(latest().sent).toMatchObject([{ session: "s", last_seq: 1 }]);
});

it.each(["online", "offline"])("asks a socket that is there whether it works when the browser says that it is %s", (event) => {
  latest().receive(hello("s", false));
  dispatchEvent(new Event(event));
  expect(latest().sent.at(-1)?.type).toBe("ping");
  vi.advanceTimersByTime(5_000);
  expect(log.at(-1)).toBe("down");
});

it("pings when nothing comes, and takes silence for a lost socket", () => {
  latest().receive(hello("s", false));
  vi.advanceTimersByTime(20_000);
  expect(latest().sent.at(-1)?.type).toBe("ping");
  latest().receive({ seq: 0, type: "pong", t: 1 });
  vi.advanceTimersByTime(30_000);
  expect(log.at(-1)).toBe("down");
});
