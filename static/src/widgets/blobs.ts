/** Large texts and buffers of widgets, which come by HTTP under the name of their hash. */

import { WidgetError } from "./problem.ts";

const RETRIES = 20;
const RETRY_MS = 250;

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
  const url = new URL(`blob/${hash}`, new URL(document.body.dataset.socket ?? "", location.href));
  let response = await fetch(url);
  // A page that is painted from a record may ask before it has its session.
  for (let i = 0; i < RETRIES && response.status === 404; i++) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    response = await fetch(url);
  }
  if (!response.ok) throw new WidgetError("A part of this widget could not be loaded.");
  return response;
}
