/**
 * Addresses of libraries that notebooks load from public hosts: our server answers them from the kernel's environment, and knows which it can
 * (`web/public_files.py`). Modules from esm.sh are mapped by the page's import map.
 */

import { kernelUrl } from "../scripts.ts";

const PUBLIC = /https:\/\/(cdn\.bokeh\.org\/bokeh\/|cdn\.plot\.ly\/plotly-|www\.unpkg\.com\/dt_for_itables)/g;

/** HTML or a script, with such addresses as ours. */
export function localise(text: string): string {
  return text.replace(PUBLIC, (_, address: string) => `${kernelUrl("web/")}${address}`);
}
