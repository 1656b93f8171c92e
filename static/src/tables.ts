/** Gives each table of data a box of its own to scroll in. */

export function wrapTables(host: ParentNode): void {
  for (const table of host.querySelectorAll("table")) {
    if (table.closest(".ka-table")) continue;
    const box = document.createElement("div");
    box.className = "ka-table";
    // A box that scrolls must be reachable from the keyboard.
    box.tabIndex = 0;
    box.role = "region";
    box.ariaLabel = table.caption?.textContent ?? "Table";
    table.replaceWith(box);
    box.append(table);
    // pandas writes its border as an attribute, which would win over nothing but show as a default frame.
    table.removeAttribute("border");
  }
}
