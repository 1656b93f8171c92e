/** Extensions made for JupyterLab (webpack's module federation), for libraries that bring nothing else. */

import { IJupyterWidgetRegistry, type IWidgetRegistryData } from "@jupyter-widgets/base";
import { version as baseVersion } from "@jupyter-widgets/base/package.json";
import { version as controlsVersion } from "@jupyter-widgets/controls/package.json";
import { kernelUrl, loadScript } from "../scripts.ts";
import { BUILTIN, type Module } from "./builtin.ts";
import type { ModuleIndex } from "./modules.ts";

interface Container {
  init(scope: Scope): unknown;
  get(name: string): Promise<() => { default?: unknown }>;
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

/** What extensions take from the page in the place of copies of their own: models and views must be of the page's classes. */
const scope: Scope = {
  ...share("@jupyter-widgets/base", baseVersion),
  ...share("@jupyter-widgets/controls", controlsVersion),
};
const registered = new Map<string, IWidgetRegistryData["exports"]>();

/** The module `name` of the extension of that name, or of one that may bring it; undefined when none does. */
export async function loadFederated(name: string, extensions: ModuleIndex["federated"]): Promise<Module | undefined> {
  const extension = extensions[name] ?? extensions[name.replace(/^jupyter-/, "jupyterlab-")];
  if (!extension) return undefined;
  for (const plugin of await loadPlugins(name, extension)) await activate(plugin);
  const exports = registered.get(name);
  if (exports === undefined) throw new Error(`The extension ${name} registers no widgets of that name.`);
  return (typeof exports === "function" ? await exports() : await exports) as Module;
}

async function loadPlugins(name: string, { load, extension }: ModuleIndex["federated"][string]): Promise<Plugin[]> {
  await loadScript(kernelUrl(`labextensions/${load}`));
  const containers = (window as unknown as { _JUPYTERLAB?: Record<string, Container> })._JUPYTERLAB ?? {};
  const container = containers[name] ?? Object.values(containers).at(-1);
  if (!container) throw new Error(`The file ${load} makes no extension.`);
  await container.init(scope);
  const plugins = (await container.get(extension))().default;
  return Array.isArray(plugins) ? plugins.flat() : [plugins as Plugin];
}

/** Plugins that need more of JupyterLab than its registry of widgets are left out: there is no JupyterLab here. */
async function activate({ requires = [], optional = [], activate }: Plugin): Promise<void> {
  if (!activate || !requires.every(isRegistry)) return;
  const services = [...requires, ...optional].map((token) => (isRegistry(token) ? registry : null));
  await activate({ registerPlugin: () => {} }, ...services);
}

const registry = { registerWidget: (data: IWidgetRegistryData): void => void registered.set(data.name, data.exports) };

/** By name, too: an extension may have a copy of the token. */
function isRegistry(token: unknown): boolean {
  return token === IJupyterWidgetRegistry || (token as { name?: unknown } | null)?.name === IJupyterWidgetRegistry.name;
}

function share(name: string, version: string): Scope {
  const get = async () => () => BUILTIN.get(name);
  return { [name]: { [version]: { get, from: "kernelapp", eager: true, loaded: 1 } } };
}
