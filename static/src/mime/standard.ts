/** The renderers every page has: their order is the order of richness. The heavy ones are loaded when first needed. */

import { Terminal } from "../terminal.ts";
import { renderHtml, runAsScript } from "./html.ts";
import { renderBitmap, renderMedia, renderSvg } from "./media.ts";
import { type Render, register, textOf } from "./registry.ts";

function lazily(load: () => Promise<Render>): Render {
  return async (host, data, context) => (await load())(host, data, context);
}

const plotly = () => import("./plotly.ts");

register(
  {
    matches: /^application\/vnd\.plotly\.v\d+\+json$/,
    render: lazily(async () => (await plotly()).render),
    update: lazily(async () => (await plotly()).render),
  },
  {
    matches: /^application\/vnd\.vega(lite)?\.v\d+([.+])json$/,
    render: lazily(async () => (await import("./vega.ts")).render),
  },
  { matches: /^application\/geo\+json$/, render: lazily(async () => (await import("./geojson.ts")).render) },
  { matches: /^text\/html$/, render: renderHtml },
  { matches: /^text\/markdown$/, render: lazily(async () => (await import("./markdown.ts")).render) },
  { matches: /^text\/latex$/, render: lazily(async () => (await import("./latex.ts")).render) },
  { matches: /^image\/svg\+xml$/, render: renderSvg },
  { matches: /^image\//, render: renderBitmap },
  { matches: /^(audio|video)\//, render: renderMedia },
  { matches: /^(application|text)\/(x-)?(java|ecma)script$/, render: runAsScript },
  { matches: /^application\/(.+\+)?json$/, render: lazily(async () => (await import("./json.ts")).render) },
  { matches: /^text\/plain$/, render: renderText },
);

function renderText(host: HTMLElement, data: unknown): void {
  const pre = document.createElement("pre");
  pre.className = "ka-text";
  host.append(pre);
  new Terminal(pre).write(textOf(data));
}
