/** What all controls share: a label, help, a message, and the rule of who may change the shown value. */

import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { DeclarationOf, Kind } from "../declarations.ts";
import type { Value } from "../wire.ts";
import { inline, plain } from "./inline.ts";

/** Where a control's values go. */
export interface Sink {
  drag(key: string, value: Value): void;
  commit(key: string, value: Value): void;
  press(key: string): void;
  busy(key: string): boolean;
}

let count = 0;

export abstract class Control<K extends Kind> extends LitElement {
  static override properties: PropertyDeclarations = {
    declaration: { attribute: false },
    value: { attribute: false },
    dirty: { state: true },
    message: { state: true },
  };

  declare declaration: DeclarationOf<K>;
  /** What the control shows: the declared value, or the viewer's newer one. */
  declare value: DeclarationOf<K>["value"];
  /** Is the viewer in the middle of a change that has not been sent? */
  declare dirty: boolean;
  declare message: string;
  declare sink: Sink;
  protected readonly inputId: string;
  private redeclared = false;

  constructor() {
    super();
    count += 1;
    this.inputId = `ka-input-${count}`;
    this.dirty = false;
    this.message = "";
  }

  /** A declaration of the server. It does not take the input out of the viewer's hand. */
  receive(declaration: DeclarationOf<K>): void {
    this.declaration = declaration;
    this.redeclared = true;
    this.dataset.control = declaration.key;
    this.dataset.kind = declaration.kind;
    if (!this.dirty && !this.sink.busy(declaration.key)) this.adopt();
  }

  /** All that the viewer sent is answered: what the server said last is what holds. */
  settle(): void {
    if (this.dirty || this.sink.busy(this.declaration.key)) return;
    if (!this.redeclared) this.declaration = { ...this.declaration, value: this.value };
    this.adopt();
  }

  /** The server did not take the value: back to the last one that it declared. */
  refuse(message: string): void {
    this.dirty = false;
    this.adopt();
    this.message = message;
  }

  /** Light DOM: the page's style sheet and its labels reach the inputs. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected abstract content(): TemplateResult;

  protected adopt(): void {
    this.value = this.declaration.value;
  }

  protected drag(value: Value): void {
    this.take(value);
    this.sink.drag(this.declaration.key, value);
  }

  protected commit(value: Value): void {
    this.dirty = false;
    this.take(value);
    this.sink.commit(this.declaration.key, value);
  }

  private take(value: Value): void {
    this.value = value as DeclarationOf<K>["value"];
    this.message = "";
    this.redeclared = false;
  }

  protected override render(): TemplateResult {
    return html`${this.content()}<p class="ka-message" id="${this.inputId}-message" aria-live="polite">${this.message}</p>`;
  }

  /** The label of one input, with an aside at the end of its line. */
  protected label(aside: TemplateResult | typeof nothing = nothing): TemplateResult {
    const { label, label_visibility } = this.declaration;
    const text = html`<label id="${this.inputId}-label" for=${this.inputId}>${inline(label)}</label>`;
    return html`<div class="ka-label" data-visibility=${label_visibility}>${text}${this.help()}${aside}</div>`;
  }

  /** The label of a group of inputs. */
  protected legend(aside: TemplateResult | typeof nothing = nothing): TemplateResult {
    const { label, label_visibility } = this.declaration;
    const text = html`<span id="${this.inputId}-label">${inline(label)}</span>`;
    return html`<div class="ka-label" data-visibility=${label_visibility}>${text}${this.help()}${aside}</div>`;
  }

  protected help(): TemplateResult | typeof nothing {
    const { help } = this.declaration;
    if (!help) return nothing;
    const id = `${this.inputId}-help`;
    const close = (event: KeyboardEvent) => event.key === "Escape" && (event.target as HTMLElement).blur();
    return html`<button type="button" class="ka-help" aria-label="Help" aria-describedby=${id} @keydown=${close}>?</button
      ><span class="ka-tip" role="tooltip" id=${id}>${inline(help)}</span>`;
  }

  protected get labelText(): string {
    return plain(this.declaration.label);
  }
}
