/** One widget's line to the kernel, as ipywidgets wants it. */

import type { ICallbacks, IClassicComm } from "@jupyter-widgets/base";
import type { SendComm } from "../comms.ts";
import { WidgetError } from "./problem.ts";

/** A message of Jupyter's, as far as models look at it. */
export interface JupyterMessage {
  content: { comm_id: string; data: Record<string, unknown> };
  metadata: Record<string, unknown>;
  buffers: DataView[];
  parent_header: { msg_id?: string };
}

type Handler = (message: JupyterMessage) => unknown;
type Buffers = ArrayBuffer[] | ArrayBufferView[];

/** Messages that the kernel has not answered yet, with whose they are and whom to tell when it has. */
export class Pending {
  private readonly waiting = new Map<number, { comm: Comm; callbacks: ICallbacks | undefined }>();

  wait(event: number, comm: Comm, callbacks: ICallbacks | undefined): void {
    this.waiting.set(event, { comm, callbacks });
  }

  /** The kernel is done with every message up to this number. */
  settle(event: number): void {
    for (const number of [...this.waiting.keys()]) if (number <= event) this.end(number);
  }

  /** The kernel is done with this message, or never got it. Returns whose it was. */
  end(event: number): Comm | undefined {
    const { comm, callbacks } = this.waiting.get(event) ?? {};
    this.waiting.delete(event);
    callbacks?.iopub?.status?.({ content: { execution_state: "idle" } } as never);
    return comm;
  }

  clear(): void {
    this.waiting.clear();
  }
}

export class Comm implements IClassicComm {
  readonly target_name = "jupyter.widget";
  private onMessage: Handler | null = null;
  private onClose: Handler | null = null;
  private isOpen = true;

  constructor(
    readonly comm_id: string,
    private readonly transmit: SendComm,
    private readonly pending: Pending,
  ) {}

  open(): string {
    throw new WidgetError("Widgets are made in the kernel: a page opens no comm.");
  }

  send(data: unknown, callbacks?: ICallbacks, _metadata?: unknown, buffers: Buffers = []): string {
    if (!this.isOpen) return "";
    const event = this.transmit(this.comm_id, data, buffers);
    this.pending.wait(event, this, callbacks);
    return String(event);
  }

  /** The kernel's side is the one that counts: what a page closes is closed for the page. */
  close(): string {
    this.isOpen = false;
    return "";
  }

  on_msg(handler: Handler): void {
    this.onMessage = handler;
  }

  on_close(handler: Handler): void {
    this.onClose = handler;
  }

  /** A message of the kernel's; the promise ends when the model has taken it in. */
  async receive(message: JupyterMessage): Promise<void> {
    await this.onMessage?.(message);
  }

  /** The kernel has closed its side. */
  closed(message: JupyterMessage): void {
    this.isOpen = false;
    this.onClose?.(message);
  }
}
