/** Where the front ends of widget libraries come from, besides ipywidgets' own. */

import { WidgetError } from "./problem.ts";

/** The module of a widget library. Throws WidgetError, saying where it was looked for, when there is none. */
export async function loadModule(name: string, version: string): Promise<Record<string, unknown>> {
  const library = name.replace(/^@.*\//, "");
  throw new WidgetError(
    `No front end found for ${name} ${version}: this page has ipywidgets' own only. Is it installed beside the kernel? (pip install ${library})`,
  );
}
