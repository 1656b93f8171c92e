/** Widgets' messages from the server: the code for them is loaded at the first, and each is handled before the next is looked at. */

import type { WidgetState } from "./memory.ts";
import type { CommMessage, Display } from "./wire.ts";
import { track } from "./work.ts";

/** A message whose handling hangs, as on a view that waits for a later one, does not hold up the others for ever. The viewer is told, and
 * later messages of the same widget wait for it apart. */
const LONGEST_MS = 20_000;
const LATE = "A part of this page takes too long to load. The rest goes on without it.";

/** Sends a widget's message; answers its number. */
export type SendComm = (comm: string, data: unknown, buffers: readonly (ArrayBuffer | ArrayBufferView)[]) => number;

type Library = typeof import("./widgets/index.ts");
type Manager = InstanceType<Library["Manager"]>;

interface Step {
  /** The widget whose message it is. */
  comm?: string;
  /** What to do; a promise is waited for. */
  work(): Promise<unknown> | undefined;
  /** The page that it belongs to is gone. */
  drop?(): void;
}

export class Comms {
  private loading: Promise<Manager> | null = null;
  private manager: Manager | null = null;
  private queue: Step[] = [];
  private outdated: CommMessage[] = [];
  private draining = false;
  /** Widgets with a message that was not handled in time, and the end of all of theirs. */
  private late = new Map<string, Promise<void>>();

  /** `say` tells the viewer something; `keep` is told what the viewer changes of a widget. */
  constructor(
    private readonly send: SendComm,
    private readonly say: (text: string) => void = () => {},
    private readonly keep: (comm: string, state: WidgetState) => void = () => {},
  ) {}

  /** `running`: cells are running. What is closed because it is out of date stays to be seen until they are done. */
  receive(message: CommMessage, running: boolean): void {
    if (running && message.type === "comm" && message.op === "close" && isSuperseded(message.content)) this.outdated.push(message);
    else this.take(message);
  }

  private take(message: CommMessage): void {
    this.push({ comm: message.comm, work: async () => (await this.load()).receive(message) });
  }

  /** A display is updated: Output widgets, which may be about to get it, show it as well. */
  update(content: Display): void {
    if (this.loading) this.push({ work: async () => (await this.load()).update(content) });
  }

  /** The page answers every event up to this number. */
  settled(event: number): void {
    this.manager?.settled(event);
    for (const closing of this.outdated.splice(0)) this.take(closing);
  }

  /** The server did not take this message; `isKnown`: it has the widget. */
  refused(event: number, isKnown: boolean): void {
    this.manager?.refused(event, isKnown);
  }

  /** A new page follows: everything is forgotten, and what waited with it. */
  reset(): void {
    for (const { drop } of this.queue.splice(0)) drop?.();
    this.outdated = [];
    this.late = new Map();
    if (this.loading) this.push({ work: async () => (await this.load()).reset() });
  }

  /** Has the manager show a view once everything that came before is handled. What comes later does not wait for the view. */
  async show(host: HTMLElement, data: unknown, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => this.push({ work: () => void resolve(), drop: resolve }));
    if (!signal.aborted) await (await this.load()).show(host, data, signal);
  }

  /** Changes widgets as the viewer had, in a session that takes the place of another: those that are the same in both. */
  restore(states: Record<string, WidgetState>): void {
    if (this.loading && Object.keys(states).length > 0) this.push({ work: async () => (await this.load()).restore(states) });
  }

  private load(): Promise<Manager> {
    this.loading ??= this.start();
    return this.loading;
  }

  private async start(): Promise<Manager> {
    const { Manager } = await import("./widgets/index.ts");
    this.manager = new Manager(this.send, this.keep);
    return this.manager;
  }

  private push(step: Step): void {
    this.queue.push(step);
    if (!this.draining) track(this.drain());
  }

  private async drain(): Promise<void> {
    this.draining = true;
    for (let step = this.queue.shift(); step; step = this.queue.shift()) {
      try {
        await this.handle(step);
      } catch (error) {
        console.error("A widget's message could not be handled.", error);
      }
    }
    this.draining = false;
  }

  private async handle({ comm, work }: Step): Promise<void> {
    const before = comm === undefined ? undefined : this.late.get(comm);
    if (comm !== undefined && before) {
      const { late } = this;
      this.postpone(
        comm,
        before.then(() => (late === this.late ? work() : undefined)),
      );
      return;
    }
    const doing = work();
    if (!doing || (await isWithin(doing, LONGEST_MS))) return;
    this.say(LATE);
    if (comm !== undefined) this.postpone(comm, doing);
  }

  private postpone(comm: string, doing: Promise<unknown>): void {
    const { late } = this;
    const end = doing.then(
      () => {},
      (error) => console.error("A widget's message could not be handled.", error),
    );
    late.set(comm, end);
    void end.then(() => {
      if (late.get(comm) === end) late.delete(comm);
    });
  }
}

function isSuperseded({ data }: Record<string, unknown>): boolean {
  return typeof data === "object" && data !== null && (data as Record<string, unknown>).superseded === true;
}

/** Whether the work ends within so many milliseconds; fails as it does. */
async function isWithin(work: Promise<unknown>, limit: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limit);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
