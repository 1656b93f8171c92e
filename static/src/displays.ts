/** The displays on the page that may be updated by their ids, wherever they stand. */

import type { DisplayItem } from "./items.ts";
import type { Display } from "./wire.ts";

const displays = new Set<DisplayItem>();

export function remember(item: DisplayItem): void {
  if (item.displayId !== undefined) displays.add(item);
}

export function forgetAll(): void {
  displays.clear();
}

/** `update_display_data`. */
export function update(content: Display): void {
  const id = content.transient?.display_id;
  for (const item of displays) {
    if (!item.node.isConnected) displays.delete(item);
    else if (id !== undefined && item.displayId === id) item.show(content);
  }
}
