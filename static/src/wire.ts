/** The wire `kernelapp.v1`: every message in both directions, checked at the edge. The rules are in docs/architecture.md. */

import { type Declaration, isDeclaration } from "./declarations.ts";
import { all, bool, either, type Fields, fits, type Guard, int, nullable, num, object, oneOf, type Shape, str } from "./guards.ts";

export const PROTOCOL = "kernelapp.v1";

const SESSION_STATES = ["queued", "starting", "running", "idle", "dead"] as const;
export type SessionState = (typeof SESSION_STATES)[number];

const CELL_STATUSES = ["queued", "running", "done", "failed", "stale", "upstream-failed", "upstream-stopped"] as const;
export type CellStatus = (typeof CELL_STATUSES)[number];

const STREAM = { name: oneOf("stdout", "stderr"), text: str } satisfies Fields;
const DISPLAY = { data: object, metadata: object } satisfies Fields;
const CELL_ERROR = { message: str, reference: nullable(str), traceback: nullable(all(str)) } satisfies Fields;

const isCellError: Guard<Shape<typeof CELL_ERROR>> = fits(CELL_ERROR);
const isStream: Guard<Shape<typeof STREAM>> = fits(STREAM);
const isDisplay: Guard<Shape<typeof DISPLAY>> = fits(DISPLAY);
const isClear: Guard<{ wait: boolean }> = fits({ wait: bool });
const isCut: Guard<{ limit_bytes: number; rest?: unknown }> = fits({ limit_bytes: num });
const isRest: Guard<string> = (value): value is string => str(value) && /^output\/[\w%.~-]+\?session=[\w%.~-]+$/.test(value);
const isTruncated: Guard<Truncated> = (value): value is Truncated => isCut(value) && (value.rest === undefined || isRest(value.rest));
const isRemoved: Guard<{ key: string }> = fits({ key: str });

/** More was printed than is shown. `rest`: where the rest can be had, relative to the socket's address. */
export interface Truncated {
  limit_bytes: number;
  rest?: string;
}

/** A MIME bundle as Jupyter's `display_data` has it, with its metadata. */
export interface Display {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  transient?: { display_id?: string };
}

const isBufferPart: Guard<number | string> = either(int, str);

const SERVER = {
  hello: {
    ...{ session: str, app: str, protocol: str, resumed: bool, state: oneOf(...SESSION_STATES) },
    ...{ last_seq: int, last_event: int, lost: nullable(oneOf("ended", "in-use")) },
  },
  status: { state: oneOf(...SESSION_STATES), place: nullable(int), detail: nullable(str), restartable: bool },
  cell: { cell: str, status: oneOf(...CELL_STATUSES), run: int, error: nullable(isCellError) },
  output: { cell: str, op: oneOf("append", "update", "clear", "truncated"), kind: str, content: object },
  control: { cell: str, op: oneOf("declare", "remove"), control: object },
  comm: {
    op: oneOf("open", "msg", "close"),
    comm: str,
    version: nullable(str),
    event: nullable(int),
    texts: object,
    buffers: all(isBufferPart),
    content: object,
  },
  "widget-output": { comm: str, op: oneOf("append", "update", "clear", "truncated"), kind: str, content: object },
  settled: { event: int },
  error: { code: str, message: str, event: nullable(int) },
  pong: { t: num },
} satisfies Record<string, Fields>;

type Server<T extends keyof typeof SERVER> = { type: T; seq: number } & Shape<(typeof SERVER)[T]>;
type Append = { op: "append" } & (
  | { kind: "stream"; content: Shape<typeof STREAM> }
  | { kind: "display_data" | "execute_result"; content: Display }
);

export type Hello = Server<"hello">;
export type Status = Server<"status">;
export type Cell = Server<"cell">;
export type Settled = Server<"settled">;
export type Refusal = Server<"error">;
export type Output = { type: "output"; seq: number; cell: string } & (
  | Append
  | { op: "update"; content: Display }
  | { op: "clear"; content: { wait: boolean } }
  | { op: "truncated"; content: Truncated }
);
/** Of a widget. `attached`: the buffers that came with it, in the order of the sizes in `buffers`; what else is there is a hash. */
export type Comm = Server<"comm"> & { attached?: ArrayBuffer[] };
export type WidgetOutput = Server<"widget-output">;
export type CommMessage = Comm | WidgetOutput;
export type ControlMessage = { type: "control"; seq: number; cell: string } & (
  | { op: "declare"; control: Declaration }
  | { op: "remove"; control: { key: string } }
);
export type ServerMessage = Hello | Status | Cell | Output | ControlMessage | CommMessage | Settled | Refusal | Server<"pong">;

/** A value of a control: what an event may carry. */
export type Value = null | boolean | number | string | readonly string[] | readonly number[];

export type BrowserMessage =
  | {
      type: "hello";
      session: string | null;
      last_seq: number;
      record?: string | null;
      page?: string | null;
      inputs?: Record<string, Value>;
    }
  | { type: "event"; event: number; control: string; value: Value }
  | { type: "comm"; event: number; comm: string; data: unknown; buffers?: number[] }
  | { type: "stop" }
  | { type: "rerun" }
  | { type: "restart" }
  | { type: "ping"; t: number };

/** A frame from the server was not what `kernelapp.v1` says: a fault of ours, never of the viewer. */
export class WireError extends Error {}

const SIZE_BYTES = 4;

/** Reads a binary frame: the size of the JSON, the JSON, and the buffers of its message. */
export function parseBinaryMessage(frame: ArrayBuffer): ServerMessage {
  const end = SIZE_BYTES + new DataView(frame).getUint32(0);
  const message = parseServerMessage(new TextDecoder().decode(frame.slice(SIZE_BYTES, end)));
  if (message.type !== "comm") throw new WireError(`A '${message.type}' message has no buffers.`);
  let from = end;
  message.attached = [];
  for (const size of message.buffers.filter(int)) {
    // Each gets memory of its own: libraries make typed arrays of it, which must begin at a multiple of their size.
    message.attached.push(frame.slice(from, from + size));
    from += size;
  }
  return message;
}

/** The frame of a message, with its buffers if it has any. */
export function writeMessage(
  message: BrowserMessage,
  buffers: readonly (ArrayBuffer | ArrayBufferView)[] = [],
): string | Uint8Array<ArrayBuffer> {
  if (buffers.length === 0) return JSON.stringify(message);
  const parts = buffers.map((each) =>
    ArrayBuffer.isView(each) ? new Uint8Array(each.buffer, each.byteOffset, each.byteLength) : new Uint8Array(each),
  );
  const head = new TextEncoder().encode(JSON.stringify({ ...message, buffers: parts.map((part) => part.length) }));
  const frame = new Uint8Array(SIZE_BYTES + head.length + parts.reduce((sum, part) => sum + part.length, 0));
  new DataView(frame.buffer).setUint32(0, head.length);
  let at = SIZE_BYTES;
  for (const part of [head, ...parts]) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** Reads one frame of the server. Raises WireError when it is not a message of this protocol. */
export function parseServerMessage(text: string): ServerMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new WireError("The server sent something that is not JSON.");
  }
  return checkServerMessage(message);
}

/** The same for a frame that was part of something else. */
export function checkServerMessage(message: unknown): ServerMessage {
  if (!object(message) || !int(message.seq) || !isKnown(message.type)) throw new WireError(`Unknown message: ${excerpt(message)}`);
  const type = message.type;
  if (!fits(SERVER[type] as Fields)(message) || !contentFits(message)) throw new WireError(`Bad '${type}' message: ${excerpt(message)}`);
  return message as unknown as ServerMessage;
}

function excerpt(message: unknown): string {
  return JSON.stringify(message).slice(0, 80);
}

function isKnown(type: unknown): type is keyof typeof SERVER {
  return typeof type === "string" && Object.hasOwn(SERVER, type);
}

function contentFits(message: Record<string, unknown>): boolean {
  if (message.type === "control") return message.op === "declare" ? isDeclaration(message.control) : isRemoved(message.control);
  if (message.type !== "output") return true;
  if (message.op === "clear") return isClear(message.content);
  if (message.op === "truncated") return isTruncated(message.content);
  if (message.op === "update") return isDisplay(message.content);
  if (message.kind === "stream") return isStream(message.content);
  return (message.kind === "display_data" || message.kind === "execute_result") && isDisplay(message.content);
}
