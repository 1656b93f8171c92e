/** The widget modules that every page has, by the names under which models and other libraries ask for them. */

import * as base from "@jupyter-widgets/base";
import * as controls from "@jupyter-widgets/controls";
import * as output from "./output.ts";
import { steadySliders } from "./sliders.ts";

export type Module = Record<string, unknown>;

export const BUILTIN: ReadonlyMap<string, Module> = new Map<string, Module>([
  ["@jupyter-widgets/base", base],
  ["@jupyter-widgets/controls", { ...controls, ...steadySliders }],
  ["@jupyter-widgets/output", output],
]);
