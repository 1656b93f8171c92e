/** What ipywidgets' views leave undone for those who read or work a page without a mouse. */

import type { WidgetView } from "@jupyter-widgets/base";

/** Mends a view that has been rendered, now and whenever its model changes. */
export function mend(view: WidgetView): void {
  const { model, el } = view;
  if (!(el instanceof HTMLElement)) return;
  const all = () => {
    mendTooltips(el);
    nameHandles(el, String(model.get("description") ?? ""));
  };
  all();
  view.listenTo(model, "change:tooltip change:description change:value change:orientation", all);
  if (model.get("_model_name") === "AccordionModel") workHeaders(el);
}

/** Without a tooltip ipywidgets writes one that says "null". */
function mendTooltips(el: HTMLElement): void {
  for (const element of [el, ...el.querySelectorAll("[title=null]")]) {
    if (element.getAttribute("title") === "null") element.removeAttribute("title");
  }
}

/** A slider's handles are what has the focus: they are named as their label says. */
function nameHandles(el: HTMLElement, description: string): void {
  const handles = el.querySelectorAll(":scope .noUi-handle[role=slider]");
  const ends = handles.length > 1 ? [" minimum", " maximum"] : [""];
  handles.forEach((handle, index) => {
    handle.setAttribute("aria-label", `${description || "Value"}${ends[index] ?? ""}`);
  });
}

/** The headers of an accordion open and close by the keyboard as they do by a click. */
function workHeaders(el: HTMLElement): void {
  const prepare = () => {
    for (const header of el.querySelectorAll<HTMLElement>(":scope > .jupyter-widget-Collapse > .jupyter-widget-Collapse-header")) {
      header.tabIndex = 0;
      header.setAttribute("role", "button");
      const isOpen = header.parentElement?.classList.contains("jupyter-widget-Collapse-open") ?? false;
      if (header.ariaExpanded !== String(isOpen)) header.ariaExpanded = String(isOpen);
    }
  };
  new MutationObserver(prepare).observe(el, { subtree: true, childList: true, attributeFilter: ["class"] });
  el.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if ((key !== "Enter" && key !== " ") || !(target instanceof HTMLElement) || target.role !== "button") return;
    if (!target.classList.contains("jupyter-widget-Collapse-header")) return;
    event.preventDefault();
    target.click();
  });
  prepare();
}
