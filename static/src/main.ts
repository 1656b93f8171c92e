/** The entry of every page: the style sheet, and on an app's page the session. */

import "./styles/index.css";
import "./mime/standard.ts";
import { Connection } from "./connection.ts";
import { TabMemory } from "./memory.ts";
import { Page } from "./page.ts";
import { readRecord } from "./record.ts";
import { wrapTables } from "./tables.ts";

function start(): void {
  const { socket } = document.body.dataset;
  if (socket === undefined) return;
  const memory = new TabMemory(`kernelapp-tab:${location.pathname}`);
  const page = new Page(document.body, memory);
  const url = new URL(socket, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  // A tab that has a session comes back to that: the record shows how a new one begins.
  const record = memory.session === null ? readRecord(document.querySelector("#ka-record")) : null;
  page.paint(record?.messages ?? []);
  page.connect(new Connection(url.href, page, memory, record));
  const prose = document.querySelectorAll<HTMLElement>("[data-kind=markdown]");
  for (const section of prose) wrapTables(section);
  if ([...prose].some((section) => section.querySelector(".math"))) void typesetProse();
}

async function typesetProse(): Promise<void> {
  const { typesetMarked } = await import("./mime/math.ts");
  typesetMarked(document);
}

start();
