import { beforeEach, expect, it, vi } from "vitest";
import { renderHtml, runAsScript } from "./html.ts";

/** Scripts are not run here but recorded when they come onto the page, and loaded when a test says so. */
let ran: string[];
let loading: HTMLScriptElement[];
let host: HTMLElement;

const context = { metadata: {}, signal: new AbortController().signal };

beforeEach(() => {
  const own = document.createElement("script");
  own.setAttribute("nonce", "");
  own.nonce = "n1";
  document.body.replaceChildren(own);
  host = document.createElement("div");
  ran = [];
  loading = [];
  vi.spyOn(Element.prototype, "replaceWith").mockImplementation(function (this: Element, ...nodes: (Node | string)[]) {
    const script = nodes[0] as HTMLScriptElement;
    ran.push(script.getAttribute("src") ?? script.textContent ?? "");
    if (script.nonce !== "n1") ran.push("without the page's nonce");
    if (script.getAttribute("src")) loading.push(script);
    this.setAttribute("data-ran", "");
  });
});

it("runs scripts in order, the next when the one before has loaded", async () => {
  renderHtml(host, "<script>one</script><script src='/two.js'></script><script>three</script>", context);
  await vi.waitFor(() => expect(ran).toEqual(["one", "/two.js"]));
  loading[0]?.dispatchEvent(new Event("load"));
  await vi.waitFor(() => expect(ran).toEqual(["one", "/two.js", "three"]));
});

it("goes on after a script that does not load, and says so", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  renderHtml(host, "<script src='/gone.js'></script><script>after</script>", context);
  await vi.waitFor(() => expect(loading).toHaveLength(1));
  loading[0]?.dispatchEvent(new Event("error"));
  await vi.waitFor(() => expect(ran).toEqual(["/gone.js", "after"]));
  expect(said).toHaveBeenCalled();
});

it("leaves data in scripts alone", async () => {
  renderHtml(host, "<script type='application/json'>{}</script><script type='module'>m</script>", context);
  await vi.waitFor(() => expect(ran).toEqual(["m"]));
});

it("runs no script of an output that is gone", async () => {
  const ending = new AbortController();
  renderHtml(host, "<script src='/slow.js'></script><script>late</script>", { metadata: {}, signal: ending.signal });
  await vi.waitFor(() => expect(loading).toHaveLength(1));
  ending.abort();
  loading[0]?.dispatchEvent(new Event("load"));
  renderHtml(host, "<script>next</script>", context);
  await vi.waitFor(() => expect(ran).toEqual(["/slow.js", "next"]));
});

it("gives JavaScript the element of its output", async () => {
  runAsScript(host, "element.append('x')", context);
  await vi.waitFor(() => expect(ran[0]).toContain("document.currentScript.parentElement"));
});

it("lets the script of a Bokeh plot wait until BokehJS is there", async () => {
  const page = window as { _bokeh_is_loading?: number };
  page._bokeh_is_loading = 1;
  runAsScript(host, "root.Bokeh.embed()", context);
  renderHtml(host, "<script>after</script>", context);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(ran).toEqual([]);
  page._bokeh_is_loading = 0;
  await vi.waitFor(() => expect(ran).toHaveLength(2));
  expect(ran[0]).toContain("Bokeh.embed");
});
