/** What `https://esm.sh/lodash-es/debounce` is on our pages (altair's JupyterChart imports it from there). */

export { default } from "lodash-es/debounce.js";
