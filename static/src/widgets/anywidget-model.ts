/** What an anywidget sees of its model. */

import type { DOMWidgetModel, WidgetModel } from "@jupyter-widgets/base";

type Buffers = (ArrayBuffer | ArrayBufferView)[];
type Callback = (...parts: unknown[]) => void;

export interface ModelProxy {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: Buffers): void;
  on(name: string, callback: Callback): void;
  off(name?: string | null, callback?: Callback | null): void;
  widget_manager: WidgetModel["widget_manager"];
}

/** `context` is whose listeners these are, so that they can go together. */
export function proxy(model: WidgetModel, context: unknown): ModelProxy {
  const own = model as unknown as ModelProxy & { on: Callback; off: Callback };
  return {
    get: own.get.bind(model),
    set: own.set.bind(model),
    save_changes: own.save_changes.bind(model),
    send: own.send.bind(model),
    on: (name, callback) => own.on.call(model, name, callback, context),
    off: (name = null, callback = null) => own.off.call(model, name, callback, context),
    widget_manager: model.widget_manager,
  };
}

const LONGEST_ANSWER_MS = 3_000;

/** Commands of the kernel's side (`anywidget.experimental.command`): the answer, and its buffers. */
export function invoke(model: DOMWidgetModel | WidgetModel) {
  return (name: string, msg?: unknown, options: { buffers?: Buffers; signal?: AbortSignal } = {}): Promise<[unknown, unknown]> => {
    const id = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    const signal = options.signal ?? AbortSignal.timeout(LONGEST_ANSWER_MS);
    return new Promise((resolve, reject) => {
      const end = () => model.off("msg:custom", receive);
      const receive = (content: { id?: unknown; response?: unknown }, buffers: unknown) => {
        if (content.id !== id) return;
        end();
        resolve([content.response, buffers]);
      };
      signal.addEventListener("abort", () => {
        end();
        reject(signal.reason);
      });
      model.on("msg:custom", receive);
      model.send({ id, kind: "anywidget-command", name, msg: msg as never }, undefined as never, (options.buffers ?? []) as never);
    });
  };
}
