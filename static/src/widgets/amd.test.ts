import { beforeEach, expect, it, vi } from "vitest";

const BASE = { DOMWidgetModel: class {} };
type Code = (define: unknown, require: unknown) => void;

/** The files of the nbextensions folder, as the server would wrap them. */
let files: Record<string, Code>;
let asked: string[];
let requireModule: typeof import("./amd.ts").requireModule;

vi.mock("./builtin.ts", () => ({ BUILTIN: new Map([["@jupyter-widgets/base", BASE]]) }));
vi.mock("../scripts.ts", () => ({
  kernelUrl: (address: string) => `/app/a/kernel/${address}`,
  loadScript: async (url: string) => {
    asked.push(url);
    const code = files[url.replace("/app/a/kernel/nbextensions/", "").replace(/\.js\?amd$/, "")];
    if (!code) throw new Error(`The script ${url} could not be loaded.`);
    return { amd: code };
  },
}));

const places = { lib: "lib/index", other: "dir/main", "@scope/deep": "deep/index" };
type Define = (...parts: unknown[]) => void;

/** A file that calls `define` with these parts. */
function defines(...parts: unknown[]): Code {
  return (define) => (define as Define)(...parts);
}

beforeEach(async () => {
  vi.resetModules();
  ({ requireModule } = await import("./amd.ts"));
  files = {};
  asked = [];
});

it.each<[string, unknown[]]>([
  ["a list of needs", [["@jupyter-widgets/base"], (base: unknown) => ({ base })]],
  ["a name of its own", ["lib", ["@jupyter-widgets/base"], (base: unknown) => ({ base })]],
  [
    "exports",
    [
      ["exports", "@jupyter-widgets/base"],
      (exports: Record<string, unknown>, base: unknown) => {
        exports.base = base;
      },
    ],
  ],
  [
    "CommonJS",
    [
      (require: (name: string) => unknown, exports: Record<string, unknown>) => {
        exports.base = require("@jupyter-widgets/base");
      },
    ],
  ],
])("a module defined with %s gets the page's own modules", async (_, parts) => {
  files["lib/index"] = defines(...parts);
  expect(await requireModule("lib", places)).toEqual({ base: BASE });
});

it("a plain object is a module", async () => {
  files["lib/index"] = defines({ answer: 42 });
  expect(await requireModule("lib", places)).toEqual({ answer: 42 });
});

it("needs are found by name, beside the file, below another module and in nbextensions, each once", async () => {
  files["lib/index"] = defines(["other", "./part", "../dir/main", "@scope/deep/sub", "nbextensions/x/y"], (...parts: unknown[]) => parts);
  files["dir/main"] = defines([], () => "other");
  files["lib/part"] = defines([], () => "part");
  files["deep/sub"] = defines([], () => "sub");
  files["x/y"] = defines([], () => "y");
  expect(await requireModule("lib", places)).toEqual(["other", "part", "other", "sub", "y"]);
  await requireModule("other", places);
  expect(asked.filter((url) => url.includes("dir/main"))).toHaveLength(1);
});

it("a module knows its address, for the files beside it", async () => {
  files["lib/index"] = defines(["module", "require"], (module: { uri: string }, require: { toUrl(path: string): string }) => [
    module.uri,
    require.toUrl("./a.css"),
  ]);
  const [uri, beside] = (await requireModule("lib", places)) as [string, string];
  expect(new URL(uri).pathname).toBe("/app/a/kernel/nbextensions/lib/index.js");
  expect(beside).toBe("/app/a/kernel/nbextensions/lib/a.css");
});

it("a bundle's code sees its own script as the current one", async () => {
  const current = () => new URL((document.currentScript as HTMLScriptElement).src).pathname;
  files["lib/index"] = (define) => {
    const first = current();
    (define as Define)(["other"], () => [first, current()]);
  };
  files["dir/main"] = defines([], () => 1);
  const own = "/app/a/kernel/nbextensions/lib/index.js";
  expect(await requireModule("lib", places)).toEqual([own, own]);
  expect(document.currentScript).toBeNull();
});

it("modules that one file defines by name can need each other", async () => {
  files["lib/index"] = (define) => {
    (define as Define)("lib/a", [], () => "a");
    (define as Define)("lib/b", ["lib/a"], (a: string) => `${a}b`);
  };
  expect(await requireModule("lib", places)).toBe("ab");
});

it("a later require of a list is called back, and one of a name gives what is there", async () => {
  let require: ((what: unknown, then?: unknown) => unknown) | undefined;
  files["lib/index"] = (define, own) => {
    require = own as typeof require;
    (define as Define)([], () => ({}));
  };
  files["dir/main"] = defines([], () => "other");
  await requireModule("lib", places);
  expect(() => require?.("other")).toThrow("not loaded yet");
  await new Promise((resolve) => require?.(["other"], resolve));
  expect(require?.("other")).toBe("other");
});

it("there is no global define, before or after", async () => {
  files["lib/index"] = (define) => {
    expect("define" in globalThis).toBe(false);
    expect((define as { amd?: object }).amd).toEqual({});
    (define as Define)([], () => 1);
  };
  expect(await requireModule("lib", places)).toBe(1);
  expect("define" in globalThis).toBe(false);
});

it("a need that nobody brings is named, and may be there the next time", async () => {
  files["lib/index"] = defines(["nothing"], () => 1);
  await expect(requireModule("lib", places)).rejects.toThrow("needs nothing, which no extension brings");
  files["n/index"] = defines([], () => 2);
  expect(await requireModule("lib", { ...places, nothing: "n/index" })).toBe(1);
});
