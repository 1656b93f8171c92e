/** Controls on the browser's own pickers: date_input, time_input, color_picker. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { Control } from "./control.ts";

abstract class Moment<K extends "date_input" | "time_input"> extends Control<K> {
  /** Empty, and meant so: not in the middle of being typed, and not where a value is needed. */
  protected isCleared(event: Event): boolean {
    return this.declaration.nullable && !(event.target as HTMLInputElement).validity.badInput;
  }

  /** What the field has while the viewer types: setting it to anything else would empty a half-typed one. */
  protected typed(id: string): string {
    return this.querySelector<HTMLInputElement>(`#${id}`)?.value ?? "";
  }
}

export class DateInput extends Moment<"date_input"> {
  protected content(): TemplateResult {
    const { range } = this.declaration;
    if (!range) return html`${this.label()}${this.field(this.inputId, undefined, this.value as string | null, (day) => this.commit(day))}`;
    const [first = null, last = null] = (this.value ?? []) as string[];
    return html`<div role="group" aria-labelledby="${this.inputId}-label">${this.legend()}
      <div class="ka-dates">
        ${this.field(`${this.inputId}-0`, `${this.labelText} from`, first, (day) => this.commit(day === null ? null : [day, later(day, last)]))}
        <span aria-hidden="true">–</span>
        ${this.field(`${this.inputId}-1`, `${this.labelText} to`, last, (day) => this.commit(day === null ? null : [earlier(day, first), day]))}
      </div></div>`;
  }

  private field(id: string, name: string | undefined, day: string | null, change: (day: string | null) => void): TemplateResult {
    const { min, max, disabled } = this.declaration;
    // While a date is typed the picker reports no date, or years like 0002: only a date within the bounds is the viewer's decision.
    const changed = (event: Event) => {
      const day = (event.target as HTMLInputElement).value;
      if (day ? day < min || day > max : !this.isCleared(event)) this.dirty = true;
      else change(day || null);
    };
    const left = (event: Event) => {
      if (!this.dirty) return;
      const isDate = (event.target as HTMLInputElement).value !== "";
      this.refuse(isDate ? `Choose a date from ${min} to ${max}.` : "A date is needed here.");
    };
    return html`<input type="date" class="ka-input" id=${id} min=${min} max=${max} .value=${live(this.dirty ? this.typed(id) : (day ?? ""))}
      ?disabled=${disabled} aria-label=${name ?? nothing} aria-describedby="${this.inputId}-message" @change=${changed} @blur=${left} />`;
  }
}

function later(day: string, other: string | null): string {
  return other !== null && other > day ? other : day;
}

function earlier(day: string, other: string | null): string {
  return other !== null && other < day ? other : day;
}

export class TimeInput extends Moment<"time_input"> {
  protected content(): TemplateResult {
    const { step_s, disabled } = this.declaration;
    const change = (event: Event) => {
      const time = (event.target as HTMLInputElement).value;
      if (time || this.isCleared(event)) this.commit(time || null);
      else this.dirty = true;
    };
    const left = () => this.dirty && this.refuse("A time is needed here.");
    return html`${this.label()}<input type="time" class="ka-input" id=${this.inputId} step=${step_s}
      .value=${live(this.dirty ? this.typed(this.inputId) : (this.value ?? ""))} ?disabled=${disabled}
      aria-describedby="${this.inputId}-message" @change=${change} @blur=${left} />`;
  }
}

export class ColorPicker extends Control<"color_picker"> {
  protected content(): TemplateResult {
    const value = (event: Event) => (event.target as HTMLInputElement).value.toLowerCase();
    return html`${this.label(html`<span class="ka-shown">${this.value}</span>`)}<input type="color" class="ka-color" id=${this.inputId}
      .value=${live(this.value)} ?disabled=${this.declaration.disabled} aria-describedby="${this.inputId}-message"
      @input=${(event: Event) => this.drag(value(event))} @change=${(event: Event) => this.commit(value(event))} />`;
  }
}
