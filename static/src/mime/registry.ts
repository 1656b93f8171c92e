/** Which renderer shows a MIME bundle: the richest type that one of them knows, in the order of this list. */

import type { Display } from "../wire.ts";

/** What a renderer needs to know of its surroundings. */
export interface Context {
  metadata: Record<string, unknown>;
  /** Ends when the output leaves the page: views, observers and listeners go with it. */
  signal: AbortSignal;
}

/** Fills the host; a promise means that the output is not to be seen before it is kept. */
export type Render = (host: HTMLElement, data: unknown, context: Context) => void | Promise<void>;

export interface Renderer {
  matches: RegExp;
  render: Render;
  /** Shows new data in a host that this renderer filled before, when that is smoother than a new host. */
  update?: Render;
}

const renderers: Renderer[] = [];

export function register(...more: Renderer[]): void {
  renderers.push(...more);
}

/** A renderer that comes before all others. */
export function prefer(first: Renderer): void {
  renderers.unshift(first);
}

/** The richest part of a bundle that can be shown, or null. */
export function choose(display: Display): { mime: string; renderer: Renderer } | null {
  const mimes = Object.keys(display.data);
  for (const renderer of renderers) {
    const mime = mimes.find((each) => renderer.matches.test(each));
    if (mime !== undefined) return { mime, renderer };
  }
  return null;
}

/** The metadata that belongs to one type of a bundle. */
export function metadataOf(display: Display, mime: string): Record<string, unknown> {
  const own = display.metadata[mime];
  return typeof own === "object" && own !== null ? (own as Record<string, unknown>) : {};
}

/** Jupyter allows text as a list of lines. */
export function textOf(data: unknown): string {
  return Array.isArray(data) ? data.join("") : typeof data === "string" ? data : JSON.stringify(data);
}
