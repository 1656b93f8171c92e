/** What `https://esm.sh/vega-embed` is on our pages (altair's JupyterChart imports it from there): the vega-embed that the page has. */

export * from "vega-embed";
export { default } from "vega-embed";
