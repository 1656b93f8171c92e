/** Controls that are typed into: text_input, text_area, number_input. They send when the viewer is done. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { Control } from "./control.ts";
import { write } from "./format.ts";

abstract class Typed<K extends "text_input" | "text_area" | "number_input"> extends Control<K> {
  /** What stands in the field while the viewer types. */
  protected draft = "";

  protected abstract shown(): string;
  protected abstract finish(): void;

  protected get text(): string {
    return this.dirty ? this.draft : this.shown();
  }

  protected typed(event: Event): void {
    this.draft = (event.target as HTMLInputElement).value;
    this.dirty = this.draft !== this.shown();
    this.requestUpdate();
  }

  protected done(): void {
    if (this.dirty) this.finish();
  }

  protected hint(how: string): TemplateResult | typeof nothing {
    return this.dirty ? html`<small class="ka-hint">${how}</small>` : nothing;
  }

  protected restore(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.dirty) return;
    this.dirty = false;
    if (!this.sink.busy(this.declaration.key)) this.adopt();
  }
}

export class TextInput extends Typed<"text_input" | "text_area"> {
  protected shown(): string {
    return this.value ?? "";
  }

  protected finish(): void {
    this.commit(this.draft === "" && this.declaration.nullable ? null : this.draft);
  }

  protected override typed(event: Event): void {
    const field = event.target as HTMLInputElement;
    const characters = [...field.value];
    // Counted in characters, as Python counts them; the attribute `maxlength` counts UTF-16 units.
    const most = this.declaration.max_chars ?? characters.length;
    if (characters.length > most) field.value = characters.slice(0, most).join("");
    super.typed(event);
  }

  protected content(): TemplateResult {
    return html`${this.label(this.counter())}${this.declaration.kind === "text_area" ? this.area() : this.line()}`;
  }

  private counter(): TemplateResult | typeof nothing {
    const { max_chars } = this.declaration;
    return max_chars === null || !this.dirty ? nothing : html`<span class="ka-shown">${[...this.draft].length}/${max_chars}</span>`;
  }

  private line(): TemplateResult {
    if (this.declaration.kind !== "text_input") return html``;
    const { password, autocomplete, placeholder, disabled } = this.declaration;
    const key = (event: KeyboardEvent) => {
      if (event.key === "Enter" && !event.isComposing) this.done();
      this.restore(event);
    };
    return html`<div class="ka-field"><input class="ka-input" id=${this.inputId} type=${password ? "password" : "text"} .value=${live(this.text)}
      placeholder=${placeholder ?? nothing} autocomplete=${autocomplete ?? "off"} ?disabled=${disabled} aria-describedby="${this.inputId}-message"
      @input=${this.typed} @change=${this.done} @keydown=${key} />${this.hint("press Enter to apply")}</div>`;
  }

  private area(): TemplateResult {
    if (this.declaration.kind !== "text_area") return html``;
    const { placeholder, disabled, height_px } = this.declaration;
    const key = (event: KeyboardEvent) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.done();
      this.restore(event);
    };
    const height = height_px === null ? nothing : `height:${height_px}px`;
    return html`<div class="ka-field"><textarea class="ka-input" id=${this.inputId} rows="4" style=${height} .value=${live(this.text)}
      placeholder=${placeholder ?? nothing} ?disabled=${disabled} aria-describedby="${this.inputId}-message" @input=${this.typed} @change=${this.done}
      @keydown=${key}></textarea>${this.hint("press Ctrl+Enter to apply")}</div>`;
  }
}

export class NumberInput extends Typed<"number_input"> {
  protected shown(): string {
    return this.value === null ? "" : write(this.value, { ...this.declaration, format: null });
  }

  protected finish(): void {
    const number = Number(this.draft.trim().replace(",", "."));
    if (this.draft.trim() === "" && this.declaration.nullable) this.commit(null);
    else if (this.draft.trim() === "" || !Number.isFinite(number)) this.refuse("Enter a number.");
    else this.commit(this.bounded(number));
  }

  protected content(): TemplateResult {
    const { placeholder, disabled, number, min, max, format } = this.declaration;
    const key = (event: KeyboardEvent) => {
      const way = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (way !== undefined) {
        event.preventDefault();
        this.step(way);
      }
      if (event.key === "Enter") this.done();
      this.restore(event);
    };
    const text = !this.dirty && this.value !== null && format ? write(this.value, this.declaration) : nothing;
    return html`${this.label(text === nothing ? nothing : html`<span class="ka-shown">${text}</span>`)}
      <div class="ka-field ka-number">
        <input class="ka-input" id=${this.inputId} type="text" role="spinbutton" inputmode=${number === "int" && (min ?? -1) >= 0 ? "numeric" : "text"}
          autocomplete="off" .value=${live(this.text)} placeholder=${placeholder ?? nothing} ?disabled=${disabled} aria-valuenow=${this.value ?? nothing}
          aria-valuemin=${min ?? nothing} aria-valuemax=${max ?? nothing} aria-describedby="${this.inputId}-message"
          @input=${this.typed} @change=${this.done} @keydown=${key} />
        ${this.stepper(-1, "−", disabled || (min !== null && this.value !== null && this.value <= min))}
        ${this.stepper(1, "+", disabled || (max !== null && this.value !== null && this.value >= max))}
        ${this.hint("press Enter to apply")}
      </div>`;
  }

  /** For the mouse and the finger: the keyboard has its arrows, so these are not stops of their own. */
  private stepper(way: number, sign: string, disabled: boolean): TemplateResult {
    return html`<button type="button" class="ka-step" tabindex="-1" aria-hidden="true" ?disabled=${disabled}
      @click=${() => this.step(way)}>${sign}</button>`;
  }

  private step(way: number): void {
    if (this.dirty) this.done();
    const { step, min } = this.declaration;
    const from = this.value ?? (min ?? 0) - way * step;
    this.commit(this.bounded(Number((from + way * step).toPrecision(12))));
  }

  private bounded(number: number): number {
    const { min, max } = this.declaration;
    const whole = this.declaration.number === "int" ? Math.round(number) : number;
    return Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, whole));
  }
}
