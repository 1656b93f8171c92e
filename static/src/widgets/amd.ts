/**
 * AMD modules (requirejs's format) from the `nbextensions` folders of the kernel's environment.
 *
 * The server wraps each file in a function, which is called here with a `define` of its own: there is no global one, which scripts of
 * outputs would trip over.
 */

import { kernelUrl, loadScript } from "../scripts.ts";
import { BUILTIN } from "./builtin.ts";

type Factory = (...parts: unknown[]) => unknown;
type Wrapped = (this: unknown, define: unknown, require: unknown, requirejs: unknown) => void;
/** One call of `define`. */
interface Definition {
  name: string | null;
  needs: string[];
  factory: unknown;
}
interface Module {
  id: string;
  uri: string;
  exports: unknown;
}

/** Where modules are, by the names that extensions gave them: paths below `nbextensions`, without `.js`. */
let places: Readonly<Record<string, string>> = {};
const modules = new Map<string, Promise<unknown>>();
const ready = new Map<string, unknown>();
/** Modules that a file defines by name, besides its own. */
const named = new Map<string, Definition>();

/** The module with this name, and before it what it needs. */
export async function requireModule(name: string, amd: Readonly<Record<string, string>>): Promise<unknown> {
  places = amd;
  return load(resolve(name, ""));
}

/** A module's id: the name of one of the page's own modules, else a path below `nbextensions`, else an address on this server. */
function resolve(name: string, from: string): string {
  if (BUILTIN.has(name) || named.has(name)) return name;
  if (Object.hasOwn(places, name)) return places[name] as string;
  const path = name.replace(/^nbextensions\//, "");
  if (path !== name || name.startsWith("/")) return path.replace(/\.js$/, "");
  if (name.startsWith(".")) return new URL(name, `http://x/${from}`).pathname.slice(1).replace(/\.js$/, "");
  const owner = Object.keys(places).find((each) => name.startsWith(`${each}/`));
  if (owner !== undefined) return `${places[owner]?.replace(/\/[^/]*$/, "")}/${name.slice(owner.length + 1)}`;
  throw new Error(`The AMD module ${from} needs ${name}, which no extension brings.`);
}

function load(id: string): Promise<unknown> {
  const known = modules.get(id);
  if (known) return known;
  const loading = evaluate(id);
  modules.set(id, loading);
  loading.then(
    (module) => ready.set(id, module),
    () => modules.delete(id),
  );
  return loading;
}

async function evaluate(id: string): Promise<unknown> {
  const own = BUILTIN.get(id);
  if (own) return own;
  const known = named.get(id);
  if (known) return instantiate(id, known);
  const script = await loadScript(`${address(id)}?amd`);
  const wrapped = (script as unknown as { amd?: Wrapped }).amd;
  if (!wrapped) throw new Error(`The file nbextensions/${id}.js is no script that can be read.`);
  const definitions: Definition[] = [];
  const define = (...parts: unknown[]): void => void definitions.push(read(parts));
  define.amd = {};
  const require = requirer(id);
  runAs(id, () => wrapped.call(window, define, require, require));
  for (const each of definitions) if (each.name !== null) named.set(each.name, each);
  const main = definitions.find((each) => each.name === null) ?? definitions.at(-1);
  return main ? instantiate(id, main) : {};
}

/** `define(name?, needs?, factory)`; without `needs` they are what the factory's text requires, as in CommonJS. */
function read(parts: unknown[]): Definition {
  const rest = [...parts];
  const name = typeof rest[0] === "string" ? (rest.shift() as string) : null;
  const given = Array.isArray(rest[0]) ? (rest.shift() as string[]) : null;
  const factory = rest[0];
  if (given) return { name, needs: given, factory };
  if (typeof factory !== "function" || factory.length === 0) return { name, needs: [], factory };
  const required = [...String(factory).matchAll(/\brequire\(\s*["']([^"']+)["']\s*\)/g)].map((found) => found[1] as string);
  return { name, needs: ["require", "exports", "module", ...required], factory };
}

async function instantiate(id: string, { needs, factory }: Definition): Promise<unknown> {
  const module: Module = { id, uri: new URL(address(id), location.href).href, exports: {} };
  const special: Record<string, unknown> = { require: requirer(id), exports: module.exports, module };
  const parts = await Promise.all(needs.map((need) => (Object.hasOwn(special, need) ? special[need] : load(resolve(need, id)))));
  const result = typeof factory === "function" ? runAs(id, () => (factory as Factory)(...parts)) : factory;
  return result ?? module.exports;
}

function address(id: string): string {
  return id.startsWith("/") ? `${id}.js` : kernelUrl(`nbextensions/${id}.js`);
}

/** Runs a file's code as if its script ran now: bundles look there for the address of the files beside them. */
function runAs<T>(id: string, code: () => T): T {
  const script = Object.assign(document.createElement("script"), { src: new URL(address(id), location.href).href });
  Object.defineProperty(document, "currentScript", { configurable: true, get: () => script });
  try {
    return code();
  } finally {
    Reflect.deleteProperty(document, "currentScript");
  }
}

/** `require` as files know it: of a list, when they are there; of a name, when it is there already. */
function requirer(from: string) {
  const require = (what: string | string[], then?: Factory, failed?: (error: unknown) => void): unknown => {
    if (typeof what === "string") {
      const id = resolve(what, from);
      if (!BUILTIN.has(id) && !ready.has(id)) throw new Error(`The AMD module ${what} is not loaded yet.`);
      return BUILTIN.get(id) ?? ready.get(id);
    }
    Promise.all(what.map((name) => load(resolve(name, from)))).then((parts) => then?.(...parts), failed ?? console.error);
    return undefined;
  };
  const isKnown = (name: string): boolean => {
    const id = resolve(name, from);
    return BUILTIN.has(id) || ready.has(id);
  };
  return Object.assign(require, {
    config: () => {},
    toUrl: (path: string) => kernelUrl(`nbextensions/${resolve(path.startsWith(".") ? path : `./${path}`, from)}`),
    defined: isKnown,
    specified: isKnown,
    undef: () => {},
  });
}
