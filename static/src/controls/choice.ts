/** Controls that are pressed or chosen from: button, checkbox, toggle, radio, selectbox. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { Control } from "./control.ts";
import { inline } from "./inline.ts";

export class Button extends Control<"button"> {
  protected content(): TemplateResult {
    const { style, stretch, disabled, label, help, key } = this.declaration;
    return html`<div class="ka-row">
      <button type="button" class="ka-button" id=${this.inputId} data-style=${style} ?data-stretch=${stretch} ?disabled=${disabled}
        @click=${() => this.sink.press(key)}>${inline(label)}</button>${help ? this.help() : nothing}
    </div>`;
  }
}

export class Checkbox extends Control<"checkbox" | "toggle"> {
  protected content(): TemplateResult {
    const { kind, disabled, label, label_visibility } = this.declaration;
    const change = (event: Event) => this.commit((event.target as HTMLInputElement).checked);
    return html`<div class="ka-row">
      <label class="ka-check" for=${this.inputId}>
        <input type="checkbox" class=${kind === "toggle" ? "ka-switch" : ""} role=${kind === "toggle" ? "switch" : nothing} id=${this.inputId}
          .checked=${live(this.value)} ?disabled=${disabled} aria-describedby="${this.inputId}-message" @change=${change} />
        <span class="ka-label-text" data-visibility=${label_visibility}>${inline(label)}</span>
      </label>${this.help()}
    </div>`;
  }
}

export class Radio extends Control<"radio"> {
  protected content(): TemplateResult {
    const { options, horizontal, captions, disabled } = this.declaration;
    return html`<fieldset class="ka-radio" role="radiogroup" aria-labelledby="${this.inputId}-label" ?disabled=${disabled} ?data-horizontal=${horizontal}>
      ${this.legend()}
      <div class="ka-options">${options.map((option, index) => this.option(option, captions?.[index] ?? null))}</div>
    </fieldset>`;
  }

  private option(option: string, caption: string | null): TemplateResult {
    return html`<label class="ka-check">
      <input type="radio" name=${this.inputId} .checked=${live(option === this.value)} @change=${() => this.commit(option)} />
      <span>${inline(option)}${caption ? html`<small>${inline(caption)}</small>` : nothing}</span>
    </label>`;
  }
}

export class Selectbox extends Control<"selectbox"> {
  protected content(): TemplateResult {
    const { options, placeholder, nullable, disabled } = this.declaration;
    const isEmpty = this.value === null;
    const change = (event: Event) => {
      const index = (event.target as HTMLSelectElement).value;
      this.commit(index === "" ? null : (options[Number(index)] ?? null));
    };
    // The options have their numbers as values: a label may be anything, also empty.
    return html`${this.label()}<select id=${this.inputId} class="ka-input" ?disabled=${disabled} ?data-empty=${isEmpty}
      aria-describedby="${this.inputId}-message" @change=${change}>
      ${isEmpty || nullable ? html`<option value="" .selected=${isEmpty} ?disabled=${!nullable}>${placeholder ?? "Choose an option"}</option>` : nothing}
      ${options.map((option, index) => html`<option value=${index} .selected=${live(option === this.value)}>${option}</option>`)}
    </select>`;
  }
}
