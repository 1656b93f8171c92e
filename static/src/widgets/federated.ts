/** Extensions made for JupyterLab (webpack's module federation), for libraries that bring nothing else. */

import { IJupyterWidgetRegistry, type IWidgetRegistryData } from "@jupyter-widgets/base";
import { version as baseVersion } from "@jupyter-widgets/base/package.json";
import { version as controlsVersion } from "@jupyter-widgets/controls/package.json";
import { version as luminoVersion } from "@lumino/widgets/package.json";
import { kernelUrl, loadScript } from "../scripts.ts";
import { BUILTIN, type Module } from "./builtin.ts";
import type { ModuleIndex } from "./modules.ts";

interface Container {
  init(scope: Scope): unknown;
  get(name: string): Promise<() => unknown>;
}
interface Shared {
  get: () => Promise<() => unknown>;
  from: string;
  eager: boolean;
  loaded: number;
}
type Scope = Record<string, Record<string, Shared>>;
/** A plugin of JupyterLab's: `activate` gets the application, then a service for each token of `requires` and `optional`. */
interface Plugin {
  id?: string;
  requires?: unknown[];
  optional?: unknown[];
  activate?: (app: unknown, ...services: unknown[]) => unknown;
}

/**
 * What extensions take from the page in the place of copies of their own: models and views must be of the page's classes. JupyterLab's
 * own packages are not here; the one entry is for plugins that would use its themes if there were any.
 */
const scope: Scope = {
  ...share("@jupyter-widgets/base", baseVersion, async () => BUILTIN.get("@jupyter-widgets/base")),
  ...share("@jupyter-widgets/controls", controlsVersion, async () => BUILTIN.get("@jupyter-widgets/controls")),
  ...share("@jupyterlab/apputils", "4.0.0", async () => ({ IThemeManager: { name: "@jupyterlab/apputils:IThemeManager" } })),
  ...share("@lumino/algorithm", luminoVersion, () => import("@lumino/algorithm")),
  ...share("@lumino/coreutils", luminoVersion, () => import("@lumino/coreutils")),
  ...share("@lumino/disposable", luminoVersion, () => import("@lumino/disposable")),
  ...share("@lumino/domutils", luminoVersion, () => import("@lumino/domutils")),
  ...share("@lumino/messaging", luminoVersion, () => import("@lumino/messaging")),
  ...share("@lumino/properties", luminoVersion, () => import("@lumino/properties")),
  ...share("@lumino/signaling", luminoVersion, () => import("@lumino/signaling")),
  ...share("@lumino/virtualdom", luminoVersion, () => import("@lumino/virtualdom")),
  ...share("@lumino/widgets", luminoVersion, () => import("@lumino/widgets")),
};
const registered = new Map<string, IWidgetRegistryData["exports"]>();
const containers = new Map<string, Promise<Container>>();

/** The module `name` of the extension of that name; undefined when there is none. */
export async function loadFederated(name: string, extensions: ModuleIndex["federated"]): Promise<Module | undefined> {
  const id = [name, name.replace(/^jupyter-/, "jupyterlab-")].find((each) => Object.hasOwn(extensions, each));
  if (id === undefined) return undefined;
  const container = await load(id, extensions);
  const module = (await container.get(extensions[id]?.extension ?? "./extension"))() as { default?: unknown };
  // Extensions may be CommonJS, as in JupyterLab.
  const plugins = Object.hasOwn(module, "__esModule") ? module.default : module;
  for (const plugin of [plugins].flat(2)) await activate(plugin as Plugin);
  const exports = registered.get(name);
  if (exports === undefined) throw new Error(`The extension ${id} registers no widgets as ${name}.`);
  return (typeof exports === "function" ? await exports() : await exports) as Module;
}

/** The container of an extension, after those of the extensions that it takes modules from: they put them into the common scope. */
function load(id: string, extensions: ModuleIndex["federated"]): Promise<Container> {
  const known = containers.get(id);
  if (known) return known;
  const loading = start(id, extensions);
  containers.set(id, loading);
  loading.catch(() => containers.delete(id));
  return loading;
}

async function start(id: string, extensions: ModuleIndex["federated"]): Promise<Container> {
  const { load: file = "", needs = [] } = extensions[id] ?? {};
  await Promise.all(needs.filter((need) => need !== id && Object.hasOwn(extensions, need)).map((need) => load(need, extensions)));
  await loadScript(kernelUrl(`labextensions/${file}`));
  const container = (window as unknown as { _JUPYTERLAB?: Record<string, Container> })._JUPYTERLAB?.[id];
  if (!container) throw new Error(`The file labextensions/${file} makes no extension ${id}.`);
  await container.init(scope);
  return container;
}

/** Plugins that need more of JupyterLab than its registry of widgets are left out: there is no JupyterLab here. */
async function activate({ requires = [], optional = [], activate }: Plugin): Promise<void> {
  if (!activate || !requires.every(isRegistry)) return;
  const services = [...requires, ...optional].map((token) => (isRegistry(token) ? registry : null));
  await activate(APPLICATION, ...services);
}

/** The least of JupyterLab's application that plugins of widgets touch. */
const APPLICATION = { registerPlugin: () => {}, docRegistry: { addWidgetExtension: () => {} } };

const registry = { registerWidget: (data: IWidgetRegistryData): void => void registered.set(data.name, data.exports) };

/** By name, too: an extension may have a copy of the token. */
function isRegistry(token: unknown): boolean {
  return token === IJupyterWidgetRegistry || (token as { name?: unknown } | null)?.name === IJupyterWidgetRegistry.name;
}

function share(name: string, version: string, load: () => Promise<unknown>): Scope {
  const get = async () => {
    const module = await load();
    return () => module;
  };
  return { [name]: { [version]: { get, from: "kernelapp", eager: false, loaded: 1 } } };
}
