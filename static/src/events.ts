/** The viewer's events on their way: numbered, coalesced while a control is dragged, sent again after a dropped connection. */

import type { BrowserMessage, Value } from "./wire.ts";

type EventMessage = Extract<BrowserMessage, { type: "event" }>;
type CommMessage = Extract<BrowserMessage, { type: "comm" }>;
type Buffers = readonly (ArrayBuffer | ArrayBufferView)[];

/** A drag waits no longer than this for the answer to its previous value: a slow notebook still sees where the hand is. */
export const DRAG_WAIT_MS = 1000;

export class EventQueue {
  private last = 0;
  private readonly unanswered = new Map<number, EventMessage>();
  /** Widgets' messages, with the same numbers: each counts, in their order. */
  private readonly comms = new Map<number, { message: CommMessage; buffers: Buffers }>();
  private readonly waiting = new Map<string, { value: Value; timer: ReturnType<typeof setTimeout> }>();
  private readonly newest = new Map<string, string>();
  private readonly buttons = new Set<string>();
  /** What the viewer did on a page that another took the place of; it is done when its control is there again. */
  private readonly carried = new Map<string, Value>();

  /** `transmit` answers whether the message left; what did not leave goes with `resume`. `kept` is told the values that last. */
  constructor(
    private readonly transmit: (message: EventMessage | CommMessage, buffers?: Buffers) => boolean,
    private readonly changed: () => void,
    private readonly kept: (key: string, value: Value) => void = () => {},
  ) {}

  /** Is an event of this control, or with no key of any, sent or waiting and not answered? */
  busy(key?: string): boolean {
    if (key === undefined) return this.unanswered.size > 0 || this.waiting.size > 0 || this.comms.size > 0;
    return this.waiting.has(key) || [...this.unanswered.values()].some((message) => message.control === key);
  }

  /** A value that may be one of many, while the viewer drags: at most one per control is under way, the last one wins. */
  drag(key: string, value: Value): void {
    if (!this.busy(key)) {
      this.send(key, value);
      return;
    }
    const timer = this.waiting.get(key)?.timer ?? setTimeout(() => this.release(key), DRAG_WAIT_MS);
    this.waiting.set(key, { value, timer });
    this.changed();
  }

  /** A value that the viewer has decided on: goes at once, unless it is the one that was sent last. */
  commit(key: string, value: Value): void {
    this.drop(key);
    if (this.newest.get(key) === JSON.stringify(value)) this.changed();
    else this.send(key, value);
  }

  /** A press of a button: every one counts. */
  press(key: string): void {
    this.newest.delete(key);
    this.buttons.add(key);
    this.send(key, true);
  }

  /** A widget's message; returns its number. */
  comm(comm: string, data: unknown, buffers: Buffers): number {
    this.last += 1;
    const message: CommMessage = { type: "comm", event: this.last, comm, data };
    this.comms.set(this.last, { message, buffers });
    this.transmit(message, buffers);
    this.changed();
    return this.last;
  }

  /** The server declared this value: a different one that was sent before may be sent again. */
  declared(key: string, value: Value): void {
    const carried = this.carried.get(key);
    if (carried !== undefined) {
      this.carried.delete(key);
      if (JSON.stringify(carried) !== JSON.stringify(value)) this.send(key, carried);
      return;
    }
    if (!this.busy(key) && this.newest.get(key) !== JSON.stringify(value)) this.newest.delete(key);
  }

  /** The page answers every event up to this number. */
  settled(event: number): void {
    for (const number of this.unanswered.keys()) if (number <= event) this.unanswered.delete(number);
    for (const number of this.comms.keys()) if (number <= event) this.comms.delete(number);
    for (const key of [...this.waiting.keys()]) {
      if (![...this.unanswered.values()].some((message) => message.control === key)) this.release(key);
    }
    this.changed();
  }

  /** This event was refused. Returns its control, or null when it is not one that still waits for its answer. */
  refused(event: number): string | null {
    if (this.comms.delete(event)) this.changed();
    const message = this.unanswered.get(event);
    if (!message) return null;
    this.unanswered.delete(event);
    this.newest.delete(message.control);
    if (this.waiting.has(message.control)) this.release(message.control);
    this.changed();
    return message.control;
  }

  /** After a reconnect to the same session: sends what was not answered, of each control only the newest. */
  resume(): void {
    // In the order of their numbers: the server ignores a number that is below one it has seen.
    const newest = new Map([...this.unanswered.values()].map((message) => [message.control, message]));
    for (const [number, message] of this.unanswered) {
      if (newest.get(message.control) !== message && message.value !== true) this.unanswered.delete(number);
    }
    const all = [...[...this.unanswered.values()].map((message) => ({ message, buffers: [] as Buffers })), ...this.comms.values()];
    for (const { message, buffers } of all.sort((a, b) => a.message.event - b.message.event)) this.transmit(message, buffers);
    this.changed();
  }

  /** A session that this page has not met, which has taken events up to `last`. What the viewer did before is numbered anew, and on a
   * page that is sent `whole` done when its control is there again. A page that was painted for a session which has taken none keeps its
   * widgets, and they wait for the answers to the numbers that they know. */
  begin(last: number, whole: boolean): void {
    if (!whole && last === 0) {
      this.resume();
      return;
    }
    const done = new Map([...this.unanswered.values()].map(({ control, value }) => [control, value]));
    for (const [key, { value }] of this.waiting) done.set(key, value);
    for (const key of [...this.waiting.keys()]) this.drop(key);
    this.unanswered.clear();
    this.comms.clear();
    this.newest.clear();
    this.carried.clear();
    this.last = last;
    for (const [key, value] of done) whole ? this.carried.set(key, value) : this.send(key, value);
    this.changed();
  }

  private release(key: string): void {
    const value = this.waiting.get(key)?.value;
    this.drop(key);
    if (value === undefined) return;
    if (this.newest.get(key) === JSON.stringify(value)) this.changed();
    else this.send(key, value);
  }

  private drop(key: string): void {
    clearTimeout(this.waiting.get(key)?.timer);
    this.waiting.delete(key);
  }

  private send(key: string, value: Value): void {
    if (!this.buttons.has(key)) this.kept(key, value);
    this.last += 1;
    const message: EventMessage = { type: "event", event: this.last, control: key, value };
    this.unanswered.set(message.event, message);
    this.newest.set(key, JSON.stringify(value));
    this.transmit(message);
    this.changed();
  }
}
