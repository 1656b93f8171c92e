/** How an anywidget reaches other widgets that its state refers to (`anywidget:<model id>`, or ipywidgets' `IPY_MODEL_<model id>`). */

import type { WidgetModel } from "@jupyter-widgets/base";
import type { Binding } from "./anywidget.ts";
import { type ModelProxy, proxy } from "./anywidget-model.ts";

export interface Host {
  getModel(reference: unknown): Promise<ModelProxy>;
  getWidget(reference: unknown): Promise<{ exports: unknown; render(place: { el: HTMLElement; signal?: AbortSignal }): Promise<void> }>;
}

/** `signal` ends what the host has handed out. */
export function createHost(model: WidgetModel, signal: AbortSignal, bindingOf: (model: WidgetModel) => Binding | undefined): Host {
  const find = (reference: unknown): Promise<WidgetModel> => {
    const id = /^(?:anywidget:|IPY_MODEL_)(.+)$/.exec(String(reference))?.[1];
    if (id === undefined) throw new Error(`${JSON.stringify(reference)} is no reference to a widget.`);
    return model.widget_manager.get_model(id);
  };
  return {
    async getModel(reference) {
      const other = await find(reference);
      const context = {};
      signal.addEventListener("abort", () => other.off(null as never, null as never, context));
      return proxy(other, context);
    },
    async getWidget(reference) {
      const binding = bindingOf(await find(reference));
      if (!binding) throw new Error(`${String(reference)} is no widget of anywidget's.`);
      await binding.ready;
      return { exports: binding.exports, render: (place) => binding.render(place.el, place.signal ?? signal) };
    },
  };
}
