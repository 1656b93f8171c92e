/** The widgets of the page: makes models as the kernel opens comms, and views where outputs show them. */

import { type DOMWidgetModel, DOMWidgetView, ErrorWidgetView, uuid, type WidgetModel, type WidgetView } from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import { MessageLoop } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { SendComm } from "../comms.ts";
import type { WidgetState } from "../memory.ts";
import type { Comm as CommMessage, Display, WidgetOutput } from "../wire.ts";
import { track } from "../work.ts";
import { buffer, text } from "./blobs.ts";
import { BUILTIN, type Module } from "./builtin.ts";
import { Comm, type JupyterMessage, Pending } from "./comm.ts";
import { latexTypesetter } from "./latex.ts";
import { mend } from "./mend.ts";
import { loadModule } from "./modules.ts";
import { OutputModel } from "./output.ts";
import { explain, WidgetError } from "./problem.ts";
import { checkVersion } from "./versions.ts";

/** Messages are counted by the second. */
const ASK_AFTER_MS = 1_000;

type ViewOf<M extends WidgetModel> = M extends DOMWidgetModel ? DOMWidgetView : WidgetView;

export class Manager extends ManagerBase {
  /** Where ipywidgets looks for who typesets formulas. */
  readonly _rendermime = { latexTypesetter };
  private readonly comms = new Map<string, Comm>();
  private readonly pending = new Pending();
  /** Widgets with a message that was not taken. */
  private readonly refusedComms = new Set<Comm>();

  /** `keep` is told what the viewer changes of a widget. */
  constructor(
    private readonly transmit: SendComm,
    private readonly keep: (comm: string, state: WidgetState) => void = () => {},
  ) {
    super();
  }

  /** Handles one message of the server's; the promise ends when it has been taken in. */
  async receive(message: CommMessage | WidgetOutput): Promise<void> {
    if (message.type === "widget-output") {
      const model = this.has_model(message.comm) ? await this.get_model(message.comm) : null;
      if (model instanceof OutputModel) model.capture(message);
      return;
    }
    const jupyter = await toJupyter(message);
    if (message.op === "open") await this.open(message.comm, jupyter);
    else if (message.op === "msg") await this.comms.get(message.comm)?.receive(jupyter);
    else {
      this.comms.get(message.comm)?.closed(jupyter);
      this.comms.delete(message.comm);
    }
  }

  /** `update_display_data`, for what Output widgets have captured. */
  async update(content: Display): Promise<void> {
    for (const id of this.comms.keys()) {
      const model = this.has_model(id) ? await this.get_model(id) : null;
      if (model instanceof OutputModel) model.replace(content);
    }
  }

  /** The kernel is done with every message up to this number. */
  settled(event: number): void {
    this.pending.settle(event);
  }

  /** The server did not take this message. `isKnown`: it knows the widget, and the page goes back to what the kernel has, a little later. */
  refused(event: number, isKnown: boolean): void {
    const comm = this.pending.end(event);
    if (!comm || !isKnown) return;
    if (this.refusedComms.size === 0) track(new Promise<void>((resolve) => setTimeout(() => resolve(this.askAgain()), ASK_AFTER_MS)));
    this.refusedComms.add(comm);
  }

  private askAgain(): void {
    const comms = [...this.refusedComms];
    this.refusedComms.clear();
    for (const comm of comms) comm.send({ method: "request_state" });
  }

  /** A new page follows. */
  async reset(): Promise<void> {
    this.pending.clear();
    this.refusedComms.clear();
    this.comms.clear();
    await this.clear_state();
  }

  /** Puts a view of a model into the host, until the signal ends it. */
  async show(host: HTMLElement, data: unknown, signal: AbortSignal): Promise<void> {
    host.classList.add("ka-widget");
    const id = (data as { model_id?: unknown }).model_id;
    if (typeof id !== "string" || !this.has_model(id)) {
      host.append(explain(new WidgetError("This widget is not on the page: it was closed, or the app has more widgets than it may.")));
      return;
    }
    const view = await this.create_view(await this.get_model(id));
    if (signal.aborted) view.remove();
    else if (!(view instanceof DOMWidgetView)) host.append(explain(new WidgetError("This widget has nothing to show.")));
    else place(view, host, signal);
  }

  /** Changes widgets as the viewer had, as if it were done again: in a session forked from the same template they have the same ids. */
  async restore(states: Record<string, WidgetState>): Promise<void> {
    for (const [id, state] of Object.entries(states)) {
      if (!this.has_model(id)) continue;
      const model = await this.get_model(id);
      model.set(await (model.constructor as typeof WidgetModel)._deserialize_state({ ...state } as never, this));
      model.save_changes();
    }
  }

  /** Passwords are not written down. */
  private async note(id: string, data: unknown): Promise<void> {
    const { method, state } = data as { method?: unknown; state?: WidgetState };
    if (method !== "update" || !state || !this.has_model(id)) return;
    if ((await this.get_model(id)).get("_model_name") !== "PasswordModel") this.keep(id, state);
  }

  private async open(id: string, message: JupyterMessage): Promise<void> {
    const send: SendComm = (comm, data, buffers) => {
      if (buffers.length === 0) void this.note(comm, data);
      return this.transmit(comm, data, buffers);
    };
    const comm = new Comm(id, send, this.pending);
    this.comms.set(id, comm);
    await this.handle_comm_open(comm, message as never);
  }

  /** As the base class, but what stands in the place of a view that fails says why. */
  override create_view<M extends WidgetModel>(model: M, options: unknown = {}): Promise<ViewOf<M>> {
    const id = uuid();
    const created = model.state_change.then(() => this.makeView(model, options, id));
    model.state_change = created;
    if (model.views) model.views[id] = created;
    return created as Promise<ViewOf<M>>;
  }

  private async makeView(model: WidgetModel, options: unknown, id: string): Promise<WidgetView> {
    const problem: unknown = model.get("error");
    if (model.get("_view_name") === "ErrorWidgetView" && problem) return this.failed(model, problem);
    try {
      const View = (await this.loadClass(
        model.get("_view_name"),
        model.get("_view_module"),
        model.get("_view_module_version"),
      )) as typeof WidgetView;
      const view = new View({ model, options: this.setViewOptions(options as object) });
      view.listenTo(model, "destroy", view.remove);
      await view.render();
      mend(view);
      view.once("remove", () => {
        if (model.views) delete model.views[id];
      });
      return view;
    } catch (error) {
      console.error(`The view ${model.get("_view_name")} of ${model.get("_view_module")} failed.`, error);
      return this.failed(model, error);
    }
  }

  private async failed(model: WidgetModel, error: unknown): Promise<WidgetView> {
    const view = new ErrorWidgetView({ model, options: {} });
    view.el.append(explain(error));
    return view;
  }

  protected override async loadClass(name: string, module: string, version: string): Promise<typeof WidgetModel | typeof WidgetView> {
    checkVersion(module, version);
    const found: Module = BUILTIN.get(module) ?? (await loadModule(module, version));
    if (typeof found[name] !== "function") throw new WidgetError(`The front end ${module} ${version} has no ${name}.`);
    return found[name] as typeof WidgetModel | typeof WidgetView;
  }

  protected override async _create_comm(): Promise<never> {
    throw new WidgetError("Widgets are made in the kernel: a page opens no comm.");
  }

  protected override async _get_comm_info(): Promise<Record<string, never>> {
    return {};
  }
}

function place(view: DOMWidgetView, host: HTMLElement, signal: AbortSignal): void {
  const widget = view.luminoWidget;
  if (host.isConnected) Widget.attach(widget, host);
  else host.append(view.el);
  const resize = new ResizeObserver(() => {
    if (!widget.isDisposed) MessageLoop.postMessage(widget, Widget.ResizeMessage.UnknownSize);
  });
  resize.observe(host);
  signal.addEventListener("abort", () => {
    resize.disconnect();
    view.remove();
  });
}

async function toJupyter({ comm, content, texts, buffers, attached = [], event, version }: CommMessage): Promise<JupyterMessage> {
  const data = (content.data ?? {}) as Record<string, unknown>;
  const names = Object.entries(texts);
  if (names.length > 0) {
    const loaded = await Promise.all(names.map(async ([name, hash]) => [name, await text(String(hash))] as const));
    data.state = { ...(data.state as object), ...Object.fromEntries(loaded) };
  }
  const rest = [...attached];
  const parts = await Promise.all(buffers.map((each) => (typeof each === "string" ? buffer(each) : (rest.shift() ?? new ArrayBuffer(0)))));
  return {
    content: { comm_id: comm, data },
    metadata: version === null ? {} : { version },
    buffers: parts.map((part) => new DataView(part)),
    parent_header: event === null ? {} : { msg_id: String(event) },
  };
}
