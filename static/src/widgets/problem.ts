/** What stands in the place of a widget that cannot be shown. */

/** A widget cannot be shown, for a reason that a viewer or author can read. */
export class WidgetError extends Error {}

/** A card that says why. Other errors than ours are for the console: their words are of no use here. */
export function explain(error: unknown): HTMLElement {
  const card = document.createElement("p");
  card.className = "ka-card ka-failed ka-widget-problem";
  card.textContent = error instanceof WidgetError ? error.message : "This widget could not be shown.";
  return card;
}
