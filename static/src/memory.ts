/** What a tab remembers of its session over a refresh: which one it is, the values that the viewer set, and how far the page was scrolled. */

import { object, str } from "./guards.ts";
import type { Value } from "./wire.ts";

export class TabMemory {
  private readonly values = new Map<string, Value>();
  private readonly secrets = new Set<string>();
  private id: string | null = null;

  /** `name` is the app's own: a tab may visit several. */
  constructor(private readonly name: string) {
    const kept = this.read();
    if (str(kept.session)) this.id = kept.session;
    if (object(kept.inputs)) for (const [key, value] of Object.entries(kept.inputs)) this.values.set(key, value as Value);
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

  leave(scroll: number): void {
    this.write(scroll);
  }

  forget(): void {
    this.id = null;
    this.values.clear();
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
    const inputs = Object.fromEntries([...this.values].filter(([key]) => !this.secrets.has(key)));
    try {
      sessionStorage.setItem(this.name, JSON.stringify({ session: this.id, inputs, scroll }));
    } catch {
      // Without storage, or with too much to store, a refresh begins a new session.
    }
  }
}
