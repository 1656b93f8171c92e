/** What a tab remembers of its session over a refresh: which one it is, the values that the viewer set, of controls and of widgets, and how
 * far the page was scrolled. */

import { object, str } from "./guards.ts";
import type { Value } from "./wire.ts";

/** What a viewer has changed of a widget, as it was sent. */
export type WidgetState = Record<string, unknown>;

/** Of one widget's state, in characters of JSON, and of how many widgets: a tab has 5 MB for all of its apps. */
const MAX_STATE_CHARS = 10_000;
const MAX_WIDGETS = 200;
/** A slider that is dragged is not written down at each step; a page that is left is. */
const WRITE_AFTER_MS = 500;

export class TabMemory {
  private readonly values = new Map<string, Value>();
  private readonly secrets = new Set<string>();
  private readonly states = new Map<string, WidgetState>();
  private id: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `name` is the app's own: a tab may visit several. */
  constructor(private readonly name: string) {
    const kept = this.read();
    if (str(kept.session)) this.id = kept.session;
    if (object(kept.inputs)) for (const [key, value] of Object.entries(kept.inputs)) this.values.set(key, value as Value);
    if (object(kept.widgets)) for (const [id, state] of Object.entries(kept.widgets)) if (object(state)) this.states.set(id, state);
    this.scroll = Number(kept.scroll) || 0;
  }

  /** Where the page was scrolled to when it was left, in pixels. */
  readonly scroll: number;

  get session(): string | null {
    return this.id;
  }

  set session(id: string | null) {
    if (id === this.id) return;
    this.id = id;
    this.write();
  }

  get inputs(): Record<string, Value> {
    return Object.fromEntries(this.values);
  }

  /** The viewer set this value. A secret one is forgotten with the page. */
  keep(key: string, value: Value, secret = false): void {
    this.values.set(key, value);
    if (secret) this.secrets.add(key);
    else this.write();
  }

  get widgets(): Record<string, WidgetState> {
    return Object.fromEntries(this.states);
  }

  /** The viewer changed this of a widget. What is too much to remember is forgotten as a whole: half of it would be another state. */
  keepWidget(id: string, changes: WidgetState): void {
    const state = { ...this.states.get(id), ...changes };
    this.states.delete(id);
    if (JSON.stringify(state).length <= MAX_STATE_CHARS && this.states.size < MAX_WIDGETS) this.states.set(id, state);
    this.timer ??= setTimeout(() => this.write(), WRITE_AFTER_MS);
  }

  leave(scroll: number): void {
    this.write(scroll);
  }

  forget(): void {
    this.id = null;
    this.values.clear();
    this.states.clear();
    this.write();
  }

  private read(): Record<string, unknown> {
    try {
      const kept: unknown = JSON.parse(sessionStorage.getItem(this.name) ?? "{}");
      return object(kept) ? kept : {};
    } catch {
      return {};
    }
  }

  private write(scroll = 0): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const inputs = Object.fromEntries([...this.values].filter(([key]) => !this.secrets.has(key)));
    try {
      sessionStorage.setItem(this.name, JSON.stringify({ session: this.id, inputs, widgets: this.widgets, scroll }));
    } catch {
      // Without storage, or with too much to store, a refresh begins a new session.
    }
  }
}
