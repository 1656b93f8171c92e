/** Controls on the browser's own pickers: date_input, time_input, color_picker. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { Control } from "./control.ts";

export class DateInput extends Control<"date_input"> {
  protected content(): TemplateResult {
    const { range } = this.declaration;
    if (!range) return html`${this.label()}${this.field(this.inputId, undefined, this.value as string | null, (day) => this.decide(day))}`;
    const [first = null, last = null] = (this.value ?? []) as string[];
    return html`<div role="group" aria-labelledby="${this.inputId}-label">${this.legend()}
      <div class="ka-dates">
        ${this.field(`${this.inputId}-0`, `${this.labelText} from`, first, (day) => this.decide(day === null ? null : [day, later(day, last)]))}
        <span aria-hidden="true">–</span>
        ${this.field(`${this.inputId}-1`, `${this.labelText} to`, last, (day) => this.decide(day === null ? null : [earlier(day, first), day]))}
      </div></div>`;
  }

  private field(id: string, name: string | undefined, day: string | null, change: (day: string | null) => void): TemplateResult {
    const { min, max, disabled } = this.declaration;
    // While a year is typed the picker reports years like 0002: only a date within the bounds is the viewer's decision.
    const changed = (event: Event) => {
      const input = event.target as HTMLInputElement;
      if (input.value && (input.value < min || input.value > max)) this.dirty = true;
      else change(input.value || null);
    };
    const left = () => {
      if (!this.dirty) return;
      this.refuse(`Choose a date from ${min} to ${max}.`);
    };
    return html`<input type="date" class="ka-input" id=${id} min=${min} max=${max} .value=${live(this.dirty ? this.typed(id, day) : (day ?? ""))}
      ?disabled=${disabled} aria-label=${name ?? nothing} aria-describedby="${this.inputId}-message" @change=${changed} @blur=${left} />`;
  }

  private typed(id: string, day: string | null): string {
    return this.querySelector<HTMLInputElement>(`#${id}`)?.value ?? day ?? "";
  }

  private decide(value: string | string[] | null): void {
    if (value !== null || this.declaration.nullable) this.commit(value);
    else this.refuse("A date is needed here.");
  }
}

function later(day: string, other: string | null): string {
  return other !== null && other > day ? other : day;
}

function earlier(day: string, other: string | null): string {
  return other !== null && other < day ? other : day;
}

export class TimeInput extends Control<"time_input"> {
  protected content(): TemplateResult {
    const { step_s, disabled, nullable } = this.declaration;
    const change = (event: Event) => {
      const time = (event.target as HTMLInputElement).value;
      if (time || nullable) this.commit(time || null);
      else this.refuse("A time is needed here.");
    };
    return html`${this.label()}<input type="time" class="ka-input" id=${this.inputId} step=${step_s} .value=${live(this.value ?? "")}
      ?disabled=${disabled} aria-describedby="${this.inputId}-message" @change=${change} />`;
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
