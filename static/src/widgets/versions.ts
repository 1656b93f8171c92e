/** Which of ipywidgets' own modules this page can show. */

import { WidgetError } from "./problem.ts";

/** Major versions of the modules that belong to ipywidgets 8. */
const MAJORS: Record<string, string> = {
  "@jupyter-widgets/base": "2",
  "@jupyter-widgets/controls": "2",
  "@jupyter-widgets/output": "1",
};

/** Throws WidgetError, naming the version, for models of an ipywidgets that this page does not know. */
export function checkVersion(module: string, version: string): void {
  const expected = MAJORS[module];
  const major = /\d+/.exec(version)?.[0];
  if (expected === undefined || major === undefined || major === expected) return;
  const from = major === "1" ? "ipywidgets 7 (or older)" : "a version of ipywidgets that this page does not know";
  throw new WidgetError(
    `This widget was made by ${from}: it needs ${module} ${version}, and the page has version ${expected} of it, which belongs to ipywidgets 8. ` +
      "Install that beside the kernel: pip install 'ipywidgets>=8,<9'",
  );
}
