/** Widgets' messages from the server: the code for them is loaded at the first, and each is handled before the next is looked at. */

import type { CommMessage, Display } from "./wire.ts";
import { track } from "./work.ts";

/** A message whose handling hangs, as on a view that waits for a later one, does not hold up the others for ever. */
const LONGEST_MS = 20_000;

/** Sends a widget's message; answers its number. */
export type SendComm = (comm: string, data: unknown, buffers: readonly (ArrayBuffer | ArrayBufferView)[]) => number;

type Library = typeof import("./widgets/index.ts");
type Manager = InstanceType<Library["Manager"]>;

export class Comms {
  private loading: Promise<Manager> | null = null;
  private manager: Manager | null = null;
  private queue: (() => Promise<unknown> | undefined)[] = [];
  private outdated: CommMessage[] = [];
  private draining: Promise<void> | null = null;

  constructor(private readonly send: SendComm) {}

  /** `running`: cells are running. What is closed because it is out of date stays to be seen until they are done. */
  receive(message: CommMessage, running: boolean): void {
    if (running && message.type === "comm" && message.op === "close" && isSuperseded(message.content)) this.outdated.push(message);
    else this.take(message);
  }

  private take(message: CommMessage): void {
    this.push(async () => (await this.load()).receive(message));
  }

  /** A display is updated: Output widgets, which may be about to get it, show it as well. */
  update(content: Display): void {
    if (this.loading) this.push(async () => (await this.load()).update(content));
  }

  /** The page answers every event up to this number. */
  settled(event: number): void {
    this.manager?.settled(event);
    for (const closing of this.outdated.splice(0)) this.take(closing);
  }

  /** The server did not take this message. */
  refused(event: number): void {
    this.manager?.refused(event);
  }

  /** A new page follows: everything is forgotten, and what waited with it. */
  reset(): void {
    this.queue = [];
    this.outdated = [];
    if (this.loading) this.push(async () => (await this.load()).reset());
  }

  /** Has the manager show a view once everything that came before is handled. */
  async show(host: HTMLElement, data: unknown, signal: AbortSignal): Promise<void> {
    while (this.draining) await this.draining;
    await (await this.load()).show(host, data, signal);
  }

  private load(): Promise<Manager> {
    this.loading ??= this.start();
    return this.loading;
  }

  private async start(): Promise<Manager> {
    const { Manager } = await import("./widgets/index.ts");
    this.manager = new Manager(this.send);
    return this.manager;
  }

  private push(work: () => Promise<unknown> | undefined): void {
    this.queue.push(work);
    if (this.draining) return;
    this.draining = this.drain();
    track(this.draining);
  }

  private async drain(): Promise<void> {
    for (let work = this.queue.shift(); work; work = this.queue.shift()) {
      try {
        await atMost(work(), LONGEST_MS);
      } catch (error) {
        console.error("A widget's message could not be handled.", error);
      }
    }
    this.draining = null;
  }
}

function isSuperseded({ data }: Record<string, unknown>): boolean {
  return typeof data === "object" && data !== null && (data as Record<string, unknown>).superseded === true;
}

async function atMost(work: Promise<unknown> | undefined, limit: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
