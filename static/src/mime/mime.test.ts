import { beforeEach, describe, expect, it, vi } from "vitest";
import { DisplayItem } from "../items.ts";
import type { Display } from "../wire.ts";
import { choose } from "./registry.ts";
import "./standard.ts";

// KaTeX refuses to work in the document of the tests, which has no doctype.
vi.mock("katex", () => ({ default: { render: (tex: string, element: HTMLElement) => element.replaceChildren(tex) } }));

const display = (data: Record<string, unknown>, metadata: Record<string, unknown> = {}): Display => ({ data, metadata });

let item: DisplayItem;

beforeEach(() => {
  item = new DisplayItem();
  document.body.replaceChildren(item.node);
});

describe("of a bundle the richest type is shown", () => {
  it.each([
    [["text/plain", "text/html"], "text/html"],
    [["text/html", "text/plain", "application/vnd.plotly.v1+json"], "application/vnd.plotly.v1+json"],
    [["text/plain", "application/vnd.vegalite.v6.json"], "application/vnd.vegalite.v6.json"],
    [["text/plain", "application/vnd.vegalite.v2+json"], "application/vnd.vegalite.v2+json"],
    [["application/vnd.vega.v6+json", "image/png"], "application/vnd.vega.v6+json"],
    [["text/plain", "image/png"], "image/png"],
    [["image/png", "image/svg+xml"], "image/svg+xml"],
    [["text/plain", "text/latex", "text/markdown"], "text/markdown"],
    [["application/json", "application/geo+json"], "application/geo+json"],
    [["text/plain", "application/json"], "application/json"],
    [["text/plain", "application/x-unknown"], "text/plain"],
  ])("%j: %s", (mimes, expected) => {
    expect(choose(display(Object.fromEntries(mimes.map((mime) => [mime, ""]))))?.mime).toBe(expected);
  });

  it("and a note when none can be", () => {
    item.show(display({ "application/x-unknown": "?" }));
    expect(item.node.textContent).toContain("application/x-unknown");
  });
});

describe("an output", () => {
  it("stays until what comes next is drawn", async () => {
    item.show(display({ "text/html": "<p>before</p>" }));
    item.show(display({ "text/markdown": "**after**" }));
    expect(item.node.textContent).toBe("before");
    await vi.waitFor(() => expect(item.node.querySelector("strong")?.textContent).toBe("after"), { timeout: 5000 });
    await vi.waitFor(() => expect(item.node.textContent?.trim()).toBe("after"));
  });

  it("is not drawn again when it says the same", () => {
    item.show(display({ "text/html": "<p>same</p>" }));
    const before = item.node.querySelector("p");
    item.show(display({ "text/html": "<p>same</p>" }));
    expect(item.node.querySelector("p")).toBe(before);
  });

  it("is shown by the next best type when the best cannot be drawn", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    item.show(display({ "application/vnd.vegalite.v5+json": null, "text/plain": "a chart" }));
    await vi.waitFor(() => expect(item.node.textContent).toBe("a chart"), { timeout: 10_000 });
  });

  it("has the size that its metadata says", () => {
    item.show(display({ "image/png": "AAAA", "text/plain": "figure" }, { "image/png": { width: 300, height: 200 } }));
    const image = item.node.querySelector("img");
    expect([image?.width, image?.height, image?.src]).toEqual([300, 200, "data:image/png;base64,AAAA"]);
  });

  it("that is a table has a box to scroll in", () => {
    item.show(display({ "text/html": '<div><table border="1" class="dataframe"><tr><td>1</td></tr></table></div>' }));
    expect(item.node.querySelector(".ka-table > table.dataframe")).not.toBeNull();
  });
});

describe("JSON", () => {
  it("opens its branches when asked", async () => {
    const { render } = await import("./json.ts");
    const host = document.createElement("div");
    render(host, { a: [1, { b: null }], name: "x" }, { metadata: {}, signal: new AbortController().signal });
    expect(host.textContent).toContain('name: "x"');
    expect(host.textContent).not.toContain("b");
    const inner = host.querySelector<HTMLDetailsElement>("details details");
    if (inner) inner.open = true;
    inner?.dispatchEvent(new Event("toggle"));
    expect(host.textContent).toContain("{1}");
  });
});

describe("markdown", () => {
  it("has tables, footnotes and mathematics, and leaves prices alone", async () => {
    const { render } = await import("./markdown.ts");
    const host = document.createElement("div");
    await render(host, "|a|b|\n|-|-|\n|1|2|\n\n$x^2$ costs $5 and $6[^1]\n\n[^1]: note");
    expect(host.querySelector("table")).not.toBeNull();
    expect(host.querySelectorAll(".math")).toHaveLength(1);
    expect(host.querySelector(".math[data-typeset]")).not.toBeNull();
    expect(host.querySelector(".footnotes")).not.toBeNull();
    expect(host.textContent).toContain("costs $5 and $6");
  });
});

describe("GeoJSON", () => {
  it("becomes a drawing of its features", async () => {
    const { render } = await import("./geojson.ts");
    const host = document.createElement("div");
    const polygon = {
      type: "Polygon",
      coordinates: [
        [
          ...[
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 0],
          ],
        ],
      ],
    };
    const feature = { type: "Feature", properties: { name: "here" }, geometry: polygon };
    render(host, { type: "FeatureCollection", features: [feature, { ...feature, geometry: { type: "Point", coordinates: [0.5, 0.5] } }] });
    expect(host.querySelectorAll("path, circle")).toHaveLength(2);
    expect(host.querySelector("title")?.textContent).toBe("name: here");
    expect(host.innerHTML).not.toContain("NaN");
  });
});
