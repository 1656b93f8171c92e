/** Large texts and buffers of widgets, which come by HTTP under the name of their hash. */

import { WidgetError } from "./problem.ts";

const texts = new Map<string, Promise<string>>();

/** The same source serves many widgets of a library: it is kept. */
export function text(hash: string): Promise<string> {
  const known = texts.get(hash) ?? load(hash).then((response) => response.text());
  texts.set(hash, known);
  known.catch(() => texts.delete(hash));
  return known;
}

/** A buffer of its own for each: a widget may write into it. The browser keeps what it has loaded. */
export async function buffer(hash: string): Promise<ArrayBuffer> {
  return (await load(hash)).arrayBuffer();
}

async function load(hash: string): Promise<Response> {
  const { app = "", baseUrl = "/" } = document.body.dataset;
  const response = await fetch(`${baseUrl}app/${encodeURIComponent(app)}/blob/${hash}`);
  if (!response.ok) throw new WidgetError("A part of this widget could not be loaded.");
  return response;
}
