/** anywidget's contract: a widget brings its front end with its state, as the source of an ES module in `_esm` and a style sheet in `_css`. */

import { DOMWidgetModel, DOMWidgetView, type WidgetModel } from "@jupyter-widgets/base";
import { createHost, type Host } from "./anywidget-host.ts";
import { invoke, type ModelProxy, proxy } from "./anywidget-model.ts";
import { WidgetError } from "./problem.ts";

type Cleanup = undefined | (() => unknown);
interface Experimental {
  invoke: ReturnType<typeof invoke>;
}
interface Definition {
  initialize?(context: { model: ModelProxy; signal: AbortSignal; experimental: Experimental }): unknown;
  render?(context: { model: ModelProxy; el: HTMLElement; signal: AbortSignal; host: Host; experimental: Experimental }): unknown;
}

/** A widget whose `initialize` waits for the kernel must not keep the kernel's messages waiting for it. */
const LONGEST_INITIALIZE_MS = 2_000;
/** What is larger was made by a bundler: such modules are shared by the widgets that have the same source. */
const BUNDLE_CHARS = 100_000;

const bundles = new Map<string, Promise<Record<string, unknown>>>();
const bindings = new WeakMap<WidgetModel, Binding>();

/** A model with the module that came with it. `exports` is what `initialize` hands to other widgets. */
export class Binding {
  exports: unknown;
  /** Ends when the widget can be rendered. */
  readonly ready: Promise<Definition>;
  /** Ends when messages may be handled; never fails. */
  readonly open: Promise<unknown>;
  private readonly controller = new AbortController();

  constructor(private readonly model: DOMWidgetModel) {
    const source = String(model.get("_esm"));
    const loading = loadDefinition(source);
    this.ready = loading.then(async (definition) => {
      await this.initialize(definition);
      return definition;
    });
    this.ready.catch(() => {});
    const limit = loading.then(() => new Promise((resolve) => setTimeout(resolve, LONGEST_INITIALIZE_MS)));
    this.open = Promise.race([this.ready, limit]).catch(() => {});
    const restyle = () => style(String(model.get("_anywidget_id") ?? ""), String(model.get("_css") ?? ""));
    restyle();
    model.on("change:_css", restyle);
  }

  /** Fills the element, until the signal ends it. */
  async render(el: HTMLElement, signal: AbortSignal): Promise<void> {
    const { render } = await this.ready;
    if (!render || signal.aborted) return;
    const model = proxy(this.model, el);
    const host = createHost(this.model, signal, bindingOf);
    const cleanup = (await render({ model, el, signal, host, experimental: { invoke: invoke(this.model) } })) as Cleanup;
    const end = () => {
      this.model.off(null as never, null as never, el);
      void tidy(cleanup);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  }

  end(): void {
    this.controller.abort();
  }

  private async initialize({ initialize }: Definition): Promise<void> {
    const { signal } = this.controller;
    const model = proxy(this.model, this);
    const result = await initialize?.({ model, signal, experimental: { invoke: invoke(this.model) } });
    if (typeof result === "function") {
      if (signal.aborted) await tidy(result as Cleanup);
      else signal.addEventListener("abort", () => void tidy(result as Cleanup));
    } else if (typeof result === "object" && result !== null) this.exports = result;
  }
}

function bindingOf(model: WidgetModel): Binding | undefined {
  return bindings.get(model);
}

export class AnyModel extends DOMWidgetModel {
  override initialize(attributes: object, options: never): void {
    super.initialize(attributes as never, options);
    const binding = new Binding(this);
    bindings.set(this, binding);
    this.once("destroy", () => binding.end());
  }

  /** Messages wait until the widget listens. */
  override async _handle_comm_msg(message: never): Promise<void> {
    await bindingOf(this)?.open;
    return super._handle_comm_msg(message);
  }

  /** As the base class, which loses binary values by way of JSON. */
  override serialize(state: Record<string, unknown>): ReturnType<DOMWidgetModel["serialize"]> {
    const serializers = (this.constructor as typeof DOMWidgetModel).serializers ?? {};
    const clone = (name: string, value: unknown): unknown => {
      const own = serializers[name]?.serialize;
      if (own) return own(value, this);
      const copy = name === "layout" || name === "style" ? JSON.parse(JSON.stringify(value)) : structuredClone(value);
      return typeof copy?.toJSON === "function" ? copy.toJSON() : copy;
    };
    return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, clone(name, value)])) as never;
  }
}

export class AnyView extends DOMWidgetView {
  declare private controller: AbortController;

  override async render(): Promise<void> {
    this.controller = new AbortController();
    await bindingOf(this.model)?.render(this.el, this.controller.signal);
  }

  override remove(): void {
    this.controller?.abort();
    super.remove();
  }
}

async function loadDefinition(source: string): Promise<Definition> {
  const module = await loadSource(source);
  // Widgets of anywidget's first versions export their functions by name.
  if (module.render) return { render: module.render, initialize: module.initialize } as Definition;
  if (!module.default) throw new WidgetError("This widget's front end has no default export; anywidget asks for one.");
  return (typeof module.default === "function" ? await module.default() : module.default) as Definition;
}

function loadSource(source: string): Promise<Record<string, unknown>> {
  if (source.length < BUNDLE_CHARS) return importSource(source);
  const known = bundles.get(source) ?? importSource(source);
  bundles.set(source, known);
  known.catch(() => bundles.delete(source));
  return known;
}

/** A source is an address, or the text of a module. That is imported by a blob's address, which the page's policy allows to scripts of ours. */
async function importSource(source: string): Promise<Record<string, unknown>> {
  if (isAddress(source)) return import(/* @vite-ignore */ source);
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(/* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function isAddress(text: string): boolean {
  return /^https?:\/\/\S+$/.test(text);
}

/** One style sheet for each class of widgets: the latest. */
function style(id: string, css: string): void {
  if (!css || !id) return;
  const before = [...document.head.querySelectorAll<HTMLElement>("[data-anywidget]")].find((each) => each.dataset.anywidget === id);
  const sheet = isAddress(css)
    ? Object.assign(document.createElement("link"), { rel: "stylesheet", href: css })
    : Object.assign(document.createElement("style"), { textContent: css });
  sheet.dataset.anywidget = id;
  if (before) before.replaceWith(sheet);
  else document.head.append(sheet);
}

async function tidy(cleanup: Cleanup): Promise<void> {
  try {
    if (typeof cleanup === "function") await cleanup();
  } catch (error) {
    console.warn("A widget's cleaning up failed.", error);
  }
}
