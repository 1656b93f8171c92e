/** HTML with its scripts, which a browser does not run by itself when HTML is inserted: they are made anew, in order. */

import { nonce } from "../scripts.ts";
import { wrapTables } from "../tables.ts";
import { localise } from "./addresses.ts";
import { type Context, textOf } from "./registry.ts";

/** A script that does not arrive must not keep those after it waiting for ever. */
const SCRIPT_WAIT_MS = 15_000;

/** How often a script that waits for BokehJS looks for it. */
const LOOK_MS = 20;

const JAVASCRIPT = /^$|^module$|^(application|text)\/(x-)?(java|ecma)script$/i;

// Scripts of different outputs may build on one another, so the whole page has one queue.
let queue: Promise<void> | null = null;

export function renderHtml(host: HTMLElement, data: unknown, context: Context): void {
  host.innerHTML = localise(textOf(data));
  wrapTables(host);
  const scripts = [...host.querySelectorAll("script")].filter((script) => JAVASCRIPT.test(script.type));
  if (scripts.length > 0) enqueue(scripts, context.signal);
}

/** `application/javascript`: as in Jupyter, `element` is the output it belongs to. */
export function runAsScript(host: HTMLElement, data: unknown, context: Context): void {
  // Made by the parser, a script is inert until it is made anew.
  host.innerHTML = "<script></script>";
  const script = host.firstElementChild as HTMLScriptElement;
  script.textContent = `(function (element) {\n${localise(textOf(data))}\n})(document.currentScript.parentElement);`;
  enqueue([script], context.signal);
}

/** The scripts run after the host is on the page: in the same task when no other script is being waited for. */
function enqueue(scripts: HTMLScriptElement[], signal: AbortSignal): void {
  const before = queue;
  const mine = (async () => {
    await before;
    for (const script of scripts) if (!signal.aborted) await run(script).catch(console.error);
  })();
  queue = mine;
  void mine.then(() => {
    if (queue === mine) queue = null;
  });
}

/** What `output_notebook()` loads comes by itself, and the scripts of plots look for it for a second only: on a slow network they would give up. */
async function bokehIsThere(script: HTMLScriptElement): Promise<void> {
  if (!script.textContent.includes("Bokeh")) return;
  const page = window as { _bokeh_is_loading?: number };
  for (let waited = 0; (page._bokeh_is_loading ?? 0) > 0 && waited < SCRIPT_WAIT_MS; waited += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function run(inert: HTMLScriptElement): Promise<void> {
  await bokehIsThere(inert);
  const script = document.createElement("script");
  for (const { name, value } of inert.attributes) script.setAttribute(name, value);
  script.nonce = nonce();
  script.textContent = inert.textContent;
  // Scripts made by a script are async unless told otherwise.
  script.async = false;
  const loaded = script.src ? outcome(script) : undefined;
  inert.replaceWith(script);
  await loaded;
}

function outcome(script: HTMLScriptElement): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SCRIPT_WAIT_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    script.onload = done;
    script.onerror = () => {
      console.error(`The script ${script.src} of an output could not be loaded.`);
      done();
    };
  });
}
