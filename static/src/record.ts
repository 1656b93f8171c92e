/** The record of the app's template, which came with the page: what it shows before there is a session. */

import type { Seen } from "./connection.ts";
import { checkServerMessage, parseBinaryMessage, type ServerMessage, WireError } from "./wire.ts";

export interface PageRecord extends Seen {
  messages: ServerMessage[];
}

/** Reads the record in a `<script>` element; null where there is none. A page whose record cannot be read waits for its session. */
export function readRecord(element: Element | null): PageRecord | null {
  if (!element?.textContent) return null;
  try {
    const { record, frames } = JSON.parse(element.textContent) as { record: unknown; frames: unknown };
    if (typeof record !== "string" || !Array.isArray(frames)) throw new WireError("The page's record is not one.");
    const messages = frames.map((frame: unknown) =>
      typeof frame === "string" ? parseBinaryMessage(bytesOf(frame)) : checkServerMessage(frame),
    );
    return { record, messages, lastSeq: messages.at(-1)?.seq ?? 0 };
  } catch (error) {
    console.error(error);
    return null;
  }
}

function bytesOf(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
}
