/** Several of many: a combobox with what is chosen as chips before the field. */

import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { Control } from "./control.ts";

export class Multiselect extends Control<"multiselect"> {
  static override properties: PropertyDeclarations = {
    open: { state: true },
    query: { state: true },
    active: { state: true },
  };

  declare open: boolean;
  declare query: string;
  declare active: number;

  constructor() {
    super();
    this.open = false;
    this.query = "";
    this.active = 0;
  }

  protected content(): TemplateResult {
    const { disabled, placeholder } = this.declaration;
    const listId = `${this.inputId}-list`;
    const found = this.found();
    const activeId = this.open && found[this.active] !== undefined ? `${listId}-${this.active}` : nothing;
    return html`${this.label()}
      <div class="ka-multi" ?data-disabled=${disabled} @focusout=${this.left} @click=${this.focusField}>
        ${this.value.map((option) => this.chip(option))}
        <input id=${this.inputId} role="combobox" aria-autocomplete="list" aria-expanded=${this.open} aria-controls=${listId} autocomplete="off"
          aria-activedescendant=${activeId} aria-describedby="${this.inputId}-message" ?disabled=${disabled} .value=${live(this.query)}
          placeholder=${this.value.length === 0 ? (placeholder ?? "Choose options") : nothing}
          @input=${this.typed} @keydown=${this.pressed} @pointerdown=${this.toggleList} />
        <ul id=${listId} class="ka-list" role="listbox" aria-label="Choices" aria-multiselectable="true" ?hidden=${!this.open}>
          ${found.map((option, index) => this.choice(option, index, `${listId}-${index}`))}
          ${found.length === 0 ? html`<li class="ka-none">Nothing found</li>` : nothing}
        </ul>
      </div>`;
  }

  private chip(option: string): TemplateResult {
    return html`<button type="button" class="ka-chip" ?disabled=${this.declaration.disabled} @click=${() => this.toggle(option)}>
      <span class="ka-sr">Remove </span>${option}<span aria-hidden="true">×</span></button>`;
  }

  private choice(option: string, index: number, id: string): TemplateResult {
    const isChosen = this.value.includes(option);
    const take = (event: Event) => {
      // The field keeps the focus.
      event.preventDefault();
      event.stopPropagation();
      this.toggle(option);
    };
    return html`<li id=${id} role="option" aria-selected=${isChosen} aria-disabled=${!isChosen && this.isFull} ?data-active=${index === this.active}
      @pointerdown=${take}>${option}</li>`;
  }

  private get isFull(): boolean {
    return this.value.length >= (this.declaration.max_selections ?? Number.POSITIVE_INFINITY);
  }

  private found(): string[] {
    const query = this.query.trim().toLowerCase();
    return this.declaration.options.filter((option) => option.toLowerCase().includes(query));
  }

  private toggle(option: string): void {
    if (this.value.includes(option)) this.commit(this.value.filter((each) => each !== option));
    else if (this.isFull) this.message = `At most ${this.declaration.max_selections} can be chosen.`;
    else this.commit([...this.value, option]);
    if (this.query) this.active = 0;
    this.query = "";
  }

  private typed(event: Event): void {
    this.query = (event.target as HTMLInputElement).value;
    this.open = true;
    this.active = 0;
  }

  private pressed(event: KeyboardEvent): void {
    const found = this.found();
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way !== undefined) {
      event.preventDefault();
      this.active = this.open ? (this.active + way + found.length) % Math.max(1, found.length) : this.active;
      this.open = true;
      void this.updateComplete.then(() => this.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" }));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const option = found[this.active];
      if (this.open && option !== undefined) this.toggle(option);
      else this.open = true;
    } else if (event.key === "Backspace" && this.query === "" && this.value.length > 0) this.commit(this.value.slice(0, -1));
    else if (event.key === "Escape") this.open = false;
  }

  private toggleList(): void {
    this.open = !this.open || this.query !== "";
  }

  private focusField(event: Event): void {
    if (event.target === event.currentTarget) this.querySelector("input")?.focus();
  }

  private left(event: FocusEvent): void {
    if (this.contains(event.relatedTarget as Node | null)) return;
    this.open = false;
    this.query = "";
  }
}
