/** The page: applies the server's messages in order, and knows whether it answers everything that the viewer did. */

import { Cell } from "./cell.ts";
import { Chrome, type PageState } from "./chrome.ts";
import { Comms } from "./comms.ts";
import type { Connection, Listener } from "./connection.ts";
import type { AnyControl } from "./controls/registry.ts";
import type { Declaration } from "./declarations.ts";
import { forgetAll, remember, update } from "./displays.ts";
import { EventQueue } from "./events.ts";
import { ControlItem } from "./items.ts";
import { Containers } from "./layout.ts";
import type { TabMemory } from "./memory.ts";
import { prefer } from "./mime/registry.ts";
import type { BrowserMessage, Hello, Output, Refusal, ServerMessage, Status, Value } from "./wire.ts";
import { isDrawing, onDrawn } from "./work.ts";

interface Placed {
  control: AnyControl;
  kind: Declaration["kind"];
  item: ControlItem;
  cell: Cell;
}

const LOST = {
  ended: "Your earlier session has ended. This is a new one, with the values that you set.",
  "in-use": "This is a copy of another tab. It has a session of its own, with the values that were set there.",
};
/** A tab that is put into the background meanwhile is not drawn: the record is shown all the same. */
const UNDRAWN_MS = 500;
const WIDGET_VIEW = /^application\/vnd\.jupyter\.widget-view\+json$/;

export class Page implements Listener {
  private readonly cells = new Map<string, Cell>();
  private readonly controls = new Map<string, Placed>();
  private readonly containers = new Containers();
  private readonly events: EventQueue;
  private readonly comms = new Comms((comm, data, buffers) => this.events.comm(comm, data, buffers));
  private readonly chrome: Chrome;
  private status: Omit<Status, "type" | "seq"> = { state: "starting", place: null, detail: null, restartable: false };
  private link: "connecting" | "up" | "reconnecting" | "refused" = "connecting";
  /** The link is up when this message is shown. */
  private missedUpTo = Number.POSITIVE_INFINITY;
  private connection: Connection | null = null;
  private library: typeof import("./controls/registry.ts") | null = null;
  /** What came since a control was declared before the controls' code was here, or before the record is shown; null when nothing waits. */
  private waiting: ServerMessage[] | null = null;
  /** The browser has drawn what the page came with. */
  private drawn: Promise<void> = Promise.resolve();
  /** The page was left scrolled to here; 0 when the viewer is there, or has scrolled since. */
  private scrollTo: number;

  constructor(
    private readonly body: HTMLElement,
    private readonly memory: TabMemory,
  ) {
    this.scrollTo = memory.scroll;
    this.events = new EventQueue(
      (message, buffers) => this.connection?.send(message, buffers) ?? false,
      () => this.refresh(),
      (key, value) => this.keep(key, value),
    );
    this.chrome = new Chrome(body, {
      stop: () => this.send({ type: "stop" }),
      rerun: () => this.again("rerun"),
      restart: () => this.again("restart"),
      renew: () => this.renew(),
    });
    this.containers.add("sidebar", this.chrome.sidebar);
    for (const element of body.querySelectorAll<HTMLElement>("ka-cell[data-cell]")) this.adopt(element);
    prefer({ matches: WIDGET_VIEW, render: (host, data, { signal }) => this.comms.show(host, data, signal) });
    onDrawn(() => this.refresh());
    addEventListener("pagehide", () => this.memory.leave(scrollY));
    this.refresh();
  }

  /** Shows a record, if any, before there is a session: all at once, when the controls' code is here and the page itself is drawn. */
  paint(messages: ServerMessage[]): void {
    if (messages.length === 0) {
      this.reveal();
      return;
    }
    this.waiting = [...messages];
    this.drawn = firstPaint();
    if (!messages.some((message) => message.type === "control")) void this.drawn.then(() => this.catchUp());
  }

  connect(connection: Connection): void {
    this.connection = connection;
    connection.open();
    void this.load();
  }

  up(hello: Hello, sameSession: boolean, missedNothing: boolean): void {
    this.missedUpTo = hello.last_seq;
    if (missedNothing) this.link = "up";
    else if (this.link === "refused") this.link = "connecting";
    if (!hello.resumed) this.waiting &&= [];
    this.status = { state: hello.state, place: null, detail: null, restartable: false };
    if (!hello.resumed) this.reset();
    if (sameSession) this.events.resume();
    else this.events.begin(hello.last_event, !hello.resumed);
    if (hello.lost !== null) this.chrome.say(LOST[hello.lost], true);
    this.refresh();
  }

  down(): void {
    if (this.link === "up") this.link = "reconnecting";
    this.missedUpTo = Number.POSITIVE_INFINITY;
    this.refresh();
  }

  message(message: ServerMessage): void {
    if (this.waiting === null && message.type === "control" && !this.library) this.waiting = [];
    if (this.waiting) this.waiting.push(message);
    else this.apply(message);
  }

  /** The controls come beside the first messages: most kernels take longer to start than they take to load. */
  private async load(): Promise<void> {
    await this.drawn; // whatever runs before would delay that
    this.library = await import("./controls/registry.ts");
    this.catchUp();
  }

  private catchUp(): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const message of waiting) this.message(message);
    this.reveal();
  }

  private reveal(): void {
    delete this.body.dataset.painting;
  }

  private apply(message: ServerMessage): void {
    if (message.seq >= this.missedUpTo) this.link = "up";
    switch (message.type) {
      case "status":
        this.status = message;
        break;
      case "cell":
        this.cell(message.cell).setStatus(message);
        break;
      case "output":
        this.output(message);
        break;
      case "control":
        if (message.op === "declare") this.declare(this.cell(message.cell), message.control);
        else this.remove(message.control.key);
        break;
      case "comm":
      case "widget-output":
        this.comms.receive(message, this.status.state === "running");
        break;
      case "settled":
        this.events.settled(message.event);
        this.comms.settled(message.event);
        for (const { control } of this.controls.values()) control.settle();
        break;
      case "error":
        this.refuse(message);
        break;
      case "hello":
      case "pong":
        return;
    }
    this.refresh();
  }

  private output(message: Output): void {
    if (message.op === "update") {
      update(message.content);
      this.comms.update(message.content);
      return;
    }
    const shown = this.cell(message.cell).output(message);
    if (shown) remember(shown);
  }

  private declare(cell: Cell, declaration: Declaration): void {
    const { key, kind } = declaration;
    this.events.declared(key, declaration.value);
    let placed = this.controls.get(key);
    if (placed && placed.kind !== kind) {
      this.remove(key);
      placed = undefined;
    }
    if (placed) placed.control.receive(declaration);
    else if (!this.library) return;
    else {
      const control = this.library.createControl(declaration, this.events);
      placed = { control, kind, cell, item: new ControlItem(key, control, () => this.controls.delete(key)) };
      this.controls.set(key, placed);
    }
    cell.control(placed.item, placed.cell);
    placed.cell = cell;
  }

  private remove(key: string): void {
    const placed = this.controls.get(key);
    placed?.cell.remove(placed.item);
  }

  private refuse({ code, message, event }: Refusal): void {
    if (code === "full" || code === "ended") {
      this.link = "refused";
      this.status = { state: "dead", place: null, detail: message, restartable: true };
      this.connection?.stop();
    } else if (event === null) this.chrome.say(message);
    else if (code !== "old-event") {
      // An event that was sent twice around a dropped connection has been taken the first time: `settled` is its answer.
      const key = this.events.refused(event);
      this.comms.refused(event);
      const placed = key === null ? undefined : this.controls.get(key);
      if (placed) this.keep(key ?? "", placed.control.declaration.value);
      if (placed && !this.events.busy(key ?? "")) placed.control.refuse(message);
      else if (!placed) this.chrome.say(message);
    }
  }

  private keep(key: string, value: Value): void {
    const declaration = this.controls.get(key)?.control.declaration;
    this.memory.keep(key, value, declaration?.kind === "text_input" && declaration.password);
  }

  private renew(): void {
    this.memory.forget();
    this.link = "connecting";
    this.connection?.renew();
    this.refresh();
  }

  private again(type: "rerun" | "restart"): void {
    if (this.link === "refused") {
      this.link = "connecting";
      this.connection?.open();
    } else this.send({ type });
    this.refresh();
  }

  private reset(): void {
    for (const cell of this.cells.values()) cell.reset();
    forgetAll();
    this.comms.reset();
  }

  private cell(id: string): Cell {
    const known = this.cells.get(id);
    if (known) return known;
    const element = document.createElement("ka-cell");
    element.dataset.cell = id;
    element.dataset.status = "queued";
    this.chrome.cells.append(element);
    return this.adopt(element);
  }

  private adopt(element: HTMLElement): Cell {
    const cell = new Cell(element, this.cells.size, this.containers);
    this.cells.set(element.dataset.cell ?? "", cell);
    return cell;
  }

  private send(message: BrowserMessage): boolean {
    return this.connection?.send(message) ?? false;
  }

  /** The one place that decides what state the page is in. */
  private state(): PageState {
    if (this.link === "connecting" || this.link === "reconnecting") return this.link;
    if (this.link === "refused") return "dead";
    if (this.status.state === "idle" && (this.events.busy() || isDrawing())) return "running";
    return this.status.state;
  }

  private refresh(): void {
    const state = this.state();
    const statuses = [...this.cells.values()].map((cell) => cell.status);
    const over = statuses.filter((each) => each !== "queued" && each !== "running").length;
    if (this.body.dataset.state !== state) this.body.dataset.state = state;
    this.chrome.show({ ...this.status, state, over, cells: statuses.length });
    if (this.scrollTo > 0 && state === "idle") this.goBack();
  }

  /** After a refresh the browser cannot scroll to where the page was: what was shown there came later. */
  private goBack(): void {
    if (scrollY === 0) scrollTo({ top: this.scrollTo, behavior: "instant" });
    this.scrollTo = 0;
  }
}

/** Ends when the browser has drawn what the page came with; at once where it does not draw, or does not say so. */
function firstPaint(): Promise<void> {
  const tells = globalThis.PerformanceObserver?.supportedEntryTypes?.includes("paint");
  if (document.visibilityState === "hidden" || !tells) return Promise.resolve();
  return new Promise((done) => {
    new PerformanceObserver((list, observer) => {
      if (list.getEntriesByName("first-contentful-paint").length === 0) return;
      observer.disconnect();
      done();
    }).observe({ type: "paint", buffered: true });
    setTimeout(done, UNDRAWN_MS);
  });
}
