/** Vega and Vega-Lite of every version's MIME type, in the page's colours. */

import embed, { type EmbedOptions, type VisualizationSpec } from "vega-embed";
import { colour, onThemeChange } from "../theme.ts";
import type { Context } from "./registry.ts";

export async function render(host: HTMLElement, data: unknown, { metadata, signal }: Context): Promise<void> {
  const box = document.createElement("div");
  box.className = "ka-vega";
  host.append(box);
  const lite = /vegalite/.test(host.dataset.mime ?? "");
  const own = (metadata.embed_options ?? {}) as EmbedOptions;
  let finish = () => {};
  const draw = async () => {
    finish();
    const result = await embed(box, data as VisualizationSpec, {
      mode: lite ? "vega-lite" : "vega",
      renderer: "canvas",
      ...own,
      actions: { export: true, source: false, compiled: false, editor: false },
      config: config(),
      tooltip: { theme: "ka" },
    });
    box.querySelector("summary")?.setAttribute("aria-label", "Save this chart");
    finish = () => result.finalize();
    if (signal.aborted) finish();
  };
  signal.addEventListener("abort", () => finish());
  onThemeChange(() => void draw(), signal);
  await draw();
}

/** Vega's own 10 pixels are small beside the page's text. */
const LABELS = { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500 };

/** What the specification does not say itself: a transparent ground, and the page's ink, hairlines and type. */
function config(): NonNullable<EmbedOptions["config"]> & object {
  const ink = colour("--ka-ink-2");
  const line = colour("--ka-line");
  const font = getComputedStyle(document.body).fontFamily;
  return {
    background: "transparent",
    font,
    title: { color: colour("--ka-ink"), subtitleColor: ink },
    style: { "guide-label": { fill: ink, font }, "guide-title": { fill: ink, font }, "group-title": { fill: ink } },
    axis: { domainColor: line, tickColor: line, gridColor: line, labelColor: ink, titleColor: ink, ...LABELS },
    legend: { labelColor: ink, titleColor: ink, ...LABELS },
    view: { stroke: "transparent" },
  } as never;
}
