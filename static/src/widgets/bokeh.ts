/** BokehJS for jupyter_bokeh's widgets, from the kernel's bokeh package. `output_notebook()` loads the same files; each runs once. */

import { kernelUrl, loadScript } from "../scripts.ts";

/** The later ones add to the first. */
const FILES = ["bokeh.min.js", "bokeh-gl.min.js", "bokeh-widgets.min.js", "bokeh-tables.min.js"];

interface BokehWindow {
  Bokeh?: unknown;
  /** Scripts that `output_notebook()` still waits for. */
  _bokeh_is_loading?: number;
}

export async function loadBokeh(): Promise<void> {
  const { Bokeh, _bokeh_is_loading: missing = 0 } = window as unknown as BokehWindow;
  if (Bokeh !== undefined && missing === 0) return;
  for (const file of FILES) await loadScript(kernelUrl(`bokeh/${file}`));
}
