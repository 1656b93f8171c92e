/** Gives each table of data a box of its own to scroll in. */

export function wrapTables(host: ParentNode): void {
  for (const table of host.querySelectorAll("table")) {
    if (table.closest(".ka-table")) continue;
    const box = document.createElement("div");
    box.className = "ka-table";
    // A box that scrolls must be reachable from the keyboard.
    box.tabIndex = 0;
    box.role = "group";
    box.ariaLabel = table.caption?.textContent ?? "Table";
    table.replaceWith(box);
    box.append(table);
    // pandas asks for a frame by attribute; the box has one.
    table.removeAttribute("border");
  }
}
