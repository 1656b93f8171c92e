/** The socket: opens, says hello, checks the numbering, and comes back by itself with what it already has. */

import {
  type BrowserMessage,
  type Hello,
  PROTOCOL,
  parseBinaryMessage,
  parseServerMessage,
  type ServerMessage,
  type Value,
  writeMessage,
} from "./wire.ts";

const PING_AFTER_MS = 20_000;
const PONG_WITHIN_MS = 5_000;
const HELLO_WITHIN_MS = 20_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
/** The close code of a server that has too many visitors, and how many failures it counts as: it is given time. */
const BUSY = 4008;
const BUSY_FAILURES = 5;

export interface Listener {
  /** The server accepted the socket. `resumed` is false when everything shown must be forgotten; what follows up to `last_seq` was missed. */
  up(hello: Hello, sameSession: boolean, missedNothing: boolean): void;
  message(message: ServerMessage): void;
  down(): void;
}

/** What a page shows before it has a session: the frames of a record up to a number. */
export interface Seen {
  record: string;
  lastSeq: number;
}

/** What the page says of itself, and keeps over a refresh. */
export interface Place {
  session: string | null;
  readonly inputs: Record<string, Value>;
}

export class Connection {
  private socket: WebSocket | null = null;
  /** The session that this document has met. */
  private met: string | null = null;
  private lastSeq: number;
  /** The record that the page was painted from, until there is a session. */
  private record: string | null;
  /** The number that must come next, or null when any may: the first of a page that is sent whole. */
  private expected: number | null = null;
  private gapAt = 0;
  private ready = false;
  private attempts = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private idle: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  /** Tells this document from a copy of its tab. */
  private readonly page = [...crypto.getRandomValues(new Uint32Array(4))].map((each) => each.toString(36)).join("-");

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
    private readonly place: Place,
    seen: Seen | null = null,
    private readonly random: () => number = Math.random,
  ) {
    this.record = seen?.record ?? null;
    this.lastSeq = seen?.lastSeq ?? 0;
    addEventListener("online", () => this.now());
    addEventListener("offline", () => this.ready && this.probe()); // a server on this machine is still there
    addEventListener("pageshow", (event) => event.persisted && this.now());
    addEventListener("pagehide", () => this.suspend());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.now());
  }

  open(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.stopped = false;
    const socket = new WebSocket(this.url, PROTOCOL);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify(this.hello()));
    socket.onmessage = (event) => socket === this.socket && this.receive(event.data as string | ArrayBuffer);
    socket.onclose = (event) => {
      if (socket !== this.socket) return;
      if (event?.code === BUSY) this.attempts = Math.max(this.attempts, BUSY_FAILURES);
      this.lost();
    };
    this.giveUpAfter(HELLO_WITHIN_MS);
  }

  private hello(): BrowserMessage {
    const { session, inputs } = this.place;
    const hello = { type: "hello", session, last_seq: this.lastSeq, page: this.page, inputs } as const;
    return this.record === null ? hello : { ...hello, record: this.record };
  }

  /** Sends, if the session is there; answers whether it was. */
  send(message: BrowserMessage, buffers?: readonly (ArrayBuffer | ArrayBufferView)[]): boolean {
    if (!this.ready || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(writeMessage(message, buffers));
    return true;
  }

  /** Gives up coming back until `open` is called: the server said that there is no room. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.retry = undefined;
  }

  /** A new session in place of this one. */
  renew(): void {
    this.place.session = null;
    this.lastSeq = 0;
    this.close();
    this.open();
  }

  /** The browser keeps the page for a way back: with an open socket it could not. */
  private suspend(): void {
    if (this.stopped) return;
    this.close();
    this.retry = setTimeout(() => this.open(), LONGEST_RETRY_MS);
  }

  /** The network may be back, or the machine awake: come back at once, and see whether a socket that is there still works. */
  private now(): void {
    if (this.stopped) return;
    if (this.ready) this.probe();
    else if (this.retry !== undefined || this.socket?.readyState === WebSocket.CONNECTING) {
      this.attempts = 0;
      this.close();
      this.open();
    }
  }

  private receive(frame: string | ArrayBuffer): void {
    this.watch();
    let message: ServerMessage;
    try {
      message = typeof frame === "string" ? parseServerMessage(frame) : parseBinaryMessage(frame);
    } catch (error) {
      console.error(error);
      this.count(seqOf(typeof frame === "string" ? frame : new TextDecoder().decode(frame.slice(0, 200))));
      return;
    }
    if (message.type === "hello") this.greet(message);
    else if (message.seq === 0 || this.count(message.seq)) this.listener.message(message);
  }

  private greet(hello: Hello): void {
    this.attempts = 0;
    const same = hello.session === this.met;
    this.met = hello.session;
    this.place.session = hello.session;
    this.record = null;
    this.ready = true;
    if (!hello.resumed) this.lastSeq = 0;
    this.expected = hello.resumed ? this.lastSeq + 1 : null;
    this.listener.up(hello, same, this.lastSeq >= hello.last_seq);
  }

  /** Is this number new, and the next? A hole is closed by a reconnect; one that is still there then is how the journal is. */
  private count(seq: number): boolean {
    if (seq <= this.lastSeq) return false;
    if (this.expected !== null && seq !== this.expected && this.gapAt !== this.expected) {
      console.error(`Expected message ${this.expected} from the server, got ${seq}: connecting again.`);
      this.gapAt = this.expected;
      this.socket?.close();
      return false;
    }
    this.lastSeq = seq;
    this.expected = seq + 1;
    return true;
  }

  /** Pings when nothing has come for a while, and takes a socket that does not answer for lost. */
  private watch(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.probe(), PING_AFTER_MS);
  }

  private probe(): void {
    this.send({ type: "ping", t: performance.now() });
    this.giveUpAfter(PONG_WITHIN_MS);
  }

  private giveUpAfter(delay: number): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.lost(), delay);
  }

  private lost(): void {
    this.close();
    if (this.stopped) return;
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempts);
    this.attempts += 1;
    this.retry = setTimeout(() => this.open(), delay * (0.5 + this.random() / 2));
  }

  private close(): void {
    clearTimeout(this.idle);
    clearTimeout(this.retry);
    this.retry = undefined;
    const socket = this.socket;
    this.socket = null;
    this.ready = false;
    socket?.close();
    this.listener.down();
  }
}

function seqOf(text: string): number {
  return Number(/"seq": ?(\d+)/.exec(text)?.[1] ?? 0);
}
