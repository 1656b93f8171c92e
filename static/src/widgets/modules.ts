/** Where the front ends of widget libraries come from: the page itself, then the files that the kernel's environment has for browsers. */

import { kernelUrl } from "../scripts.ts";
import type { Module } from "./builtin.ts";
import { WidgetError } from "./problem.ts";

/** What `widgets.json` says (`kernels/widget_modules.py`): where the AMD modules are, and the entries of federated extensions. */
export interface ModuleIndex {
  amd: Record<string, string>;
  federated: Record<string, { load: string; extension: string; needs: string[] }>;
}

/** Python packages that are not called like the front end that they bring. */
const PACKAGES: Record<string, string> = {
  "@bokeh/jupyter_bokeh": "jupyter_bokeh",
  "@jupyter-widgets/jupyterlab-sidecar": "sidecar",
  "jupyter-datawidgets": "ipydatawidgets",
  "jupyter-leaflet": "ipyleaflet",
  "jupyter-matplotlib": "ipympl",
  "jupyter-threejs": "pythreejs",
  "jupyter-vue": "ipyvue",
  "jupyter-vuetify": "ipyvuetify",
  "jupyter-gmaps": "gmaps",
  "jupyter-cytoscape": "ipycytoscape",
  "jupyter-webrtc": "ipywebrtc",
  "nglview-js-widgets": "nglview",
};

/** Scripts that a module takes for granted. In Jupyter the notebook loads them, and the module fails when it comes first. */
const BEFORE: Record<string, () => Promise<void>> = {
  "@bokeh/jupyter_bokeh": async () => (await import("./bokeh.ts")).loadBokeh(),
};

const loaded = new Map<string, Promise<Module>>();
let index: Promise<ModuleIndex> | null = null;

/**
 * The module of a widget library: anywidget's, which is ours; else an AMD module of the kernel's environment; else a federated extension.
 * Throws WidgetError, saying where it was looked for and how to install it, when there is none: for good, until the page is loaded anew.
 */
export function loadModule(name: string, version: string): Promise<Module> {
  const loading = loaded.get(name) ?? find(name, version);
  loaded.set(name, loading);
  return loading;
}

async function find(name: string, version: string): Promise<Module> {
  if (name === "anywidget") return import("./anywidget.ts");
  const { amd, federated } = await readIndex();
  await BEFORE[name]?.();
  const problems: unknown[] = [];
  if (Object.hasOwn(amd, name)) {
    const { requireModule } = await import("./amd.ts");
    const module = await requireModule(name, amd).catch((error: unknown) => void problems.push(error));
    if (module) return module as Module;
  }
  const { loadFederated } = await import("./federated.ts");
  const module = await loadFederated(name, federated).catch((error: unknown) => void problems.push(error));
  if (module) return module;
  for (const problem of problems) console.error(`The front end ${name} could not be loaded.`, problem);
  throw problems.length > 0 ? broken(name, version) : missing(name, version);
}

/** Asked for with the first library's widget, so that pages without any do not wait for it. */
function readIndex(): Promise<ModuleIndex> {
  index ??= fetch(kernelUrl("widgets.json")).then((response) => {
    if (!response.ok) throw new WidgetError("The list of widget libraries could not be loaded. Please load the page again.");
    return response.json() as Promise<ModuleIndex>;
  });
  return index;
}

function missing(name: string, version: string): WidgetError {
  return new WidgetError(
    `The front end of the widget library ${name} (version ${version}) was not found. It was looked for in share/jupyter/nbextensions and ` +
      `share/jupyter/labextensions of the environment that the kernel runs in. To install it there: pip install ${PACKAGES[name] ?? name}`,
  );
}

function broken(name: string, version: string): WidgetError {
  return new WidgetError(
    `The front end of the widget library ${name} (version ${version}) was found in the environment that the kernel runs in, but could not be ` +
      `loaded; the browser's console says why. To install it anew there: pip install --force-reinstall ${PACKAGES[name] ?? name}`,
  );
}
