/** Plotly figures, drawn by the plotly.js of the kernel's own plotly package. */

import { kernelUrl, loadScript } from "../scripts.ts";
import { colour, isDark, onThemeChange } from "../theme.ts";
import type { Context } from "./registry.ts";

type Layout = Record<string, unknown>;
interface Figure {
  data: unknown[];
  layout?: Layout;
  config?: Record<string, unknown>;
  frames?: unknown[];
}
interface Plotly {
  react(host: HTMLElement, figure: Figure): Promise<unknown>;
  purge(host: HTMLElement): void;
  Plots: { resize(host: HTMLElement): void };
}

/** Plotly's own default. */
const DEFAULT_HEIGHT_PX = 450;

let library: Promise<Plotly> | null = null;
const drawn = new WeakMap<HTMLElement, (figure: Figure) => Promise<void>>();

/** Draws, or when the host already has a figure, lets it become this one: zoom and animation stay as plotly keeps them. */
export async function render(host: HTMLElement, data: unknown, { signal }: Context): Promise<void> {
  const redraw = drawn.get(host) ?? start(host, await load(), signal);
  await redraw(data as Figure);
}

function start(host: HTMLElement, plotly: Plotly, signal: AbortSignal): (figure: Figure) => Promise<void> {
  const box = document.createElement("div");
  box.className = "ka-plotly";
  host.append(box);
  let shown: Figure;
  const draw = async (figure: Figure) => {
    shown = figure;
    await plotly.react(box, themed(figure));
  };
  const observer = new ResizeObserver(() => {
    if (box.isConnected && box.offsetWidth > 0 && box.querySelector(".plot-container")) plotly.Plots.resize(box);
  });
  observer.observe(host);
  onThemeChange(() => void draw(shown), signal);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    drawn.delete(host);
    plotly.purge(box);
  });
  drawn.set(host, draw);
  return draw;
}

/** Loads once; after a failure the next figure tries again. */
function load(): Promise<Plotly> {
  library ??= loadScript(kernelUrl("plotly/plotly.min.js")).then(() => (window as unknown as { Plotly: Plotly }).Plotly);
  library.catch(() => {
    library = null;
  });
  return library;
}

function themed(figure: Figure): Figure {
  const layout = structuredClone(figure.layout ?? {});
  const template = layout.template as { layout?: Layout } | undefined;
  // Plotly's default template is known by its ground; one that the author chose is left as it is.
  if (!template || template.layout?.plot_bgcolor === "#E5ECF6")
    layout.template = { ...template, layout: { ...template?.layout, ...ground() } };
  // Without a height of its own a figure would take that of its box, which it is to give.
  return {
    ...figure,
    layout: { ...layout, height: layout.height ?? DEFAULT_HEIGHT_PX, autosize: layout.width === undefined },
    config: { responsive: false, displaylogo: false, ...figure.config },
  };
}

function ground(): Layout {
  const line = colour("--ka-line");
  const clear = "rgba(0,0,0,0)";
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
  const scene = { backgroundcolor: clear, gridcolor: line, zerolinecolor: line, showbackground: false };
  return {
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    font: { color: colour("--ka-ink-2"), family: getComputedStyle(document.body).fontFamily },
    xaxis: axis,
    yaxis: axis,
    scene: { xaxis: scene, yaxis: scene, zaxis: scene },
    polar: { bgcolor: clear, angularaxis: axis, radialaxis: axis },
    ternary: { bgcolor: clear, aaxis: axis, baxis: axis, caxis: axis },
    geo: isDark() ? { bgcolor: clear, landcolor: "#2a2d34", lakecolor: clear, showland: true } : { bgcolor: clear },
    hoverlabel: { align: "left" },
    margin: { t: 48, r: 16, b: 48, l: 56 },
  };
}
