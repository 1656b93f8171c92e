/** Sliders: of numbers and of choices, with one thumb or two. A thumb is a native range input. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { DeclarationOf } from "../declarations.ts";
import type { Value } from "../wire.ts";
import { Control } from "./control.ts";
import { write } from "./format.ts";

/** Both kinds as positions on a track. */
interface Track {
  min: number;
  max: number;
  step: number;
  /** One position, or the lower and the upper one. */
  at: number[];
  text(position: number): string;
  value(positions: number[]): Value;
}

export class Slider extends Control<"slider" | "select_slider"> {
  /** A key that is held down sends as a drag does, and decides when it is let go. */
  private held = false;

  protected content(): TemplateResult {
    const track = this.track();
    const shown = html`<output class="ka-shown" for=${this.inputId}>${track.at.map((each) => track.text(each)).join(" – ")}</output>`;
    const isRange = track.at.length > 1;
    return html`${isRange ? this.legend(shown) : this.label(shown)}
      <div class="ka-track" role=${isRange ? "group" : "none"} style=${fill(track)}>${track.at.map((_, index) => this.thumb(track, index))}</div>
      <div class="ka-bounds" aria-hidden="true"><span>${track.text(track.min)}</span><span>${track.text(track.max)}</span></div>`;
  }

  private thumb(track: Track, index: number): TemplateResult {
    const isRange = track.at.length > 1;
    const name = isRange ? `${this.labelText} ${index === 0 ? "minimum" : "maximum"}` : undefined;
    const moved = (event: Event): Value => {
      const at = track.at.with(index, Number((event.target as HTMLInputElement).value));
      if (isRange) at[index] = index === 0 ? Math.min(at[0] ?? 0, at[1] ?? 0) : Math.max(at[0] ?? 0, at[1] ?? 0);
      return track.value(at);
    };
    const change = (event: Event) => (this.held ? this.drag(moved(event)) : this.commit(moved(event)));
    const release = (event: Event) => {
      if (this.held) this.commit(moved(event));
      this.held = false;
    };
    const at = track.at[index] ?? track.min;
    // Where both thumbs meet at the upper end, the lower one must be the one to take hold of.
    const isAbove = isRange && index === 0 && at > (track.min + track.max) / 2;
    return html`<input type="range" id=${isRange ? `${this.inputId}-${index}` : this.inputId} min=${track.min} max=${track.max} step=${track.step}
      style=${isAbove ? "z-index:1" : nothing} .value=${live(String(at))} ?disabled=${this.declaration.disabled} aria-label=${name ?? nothing} aria-valuetext=${track.text(at)}
      aria-describedby="${this.inputId}-message" @input=${(event: Event) => this.drag(moved(event))} @change=${change}
      @keydown=${(event: KeyboardEvent) => {
        this.held = event.repeat;
      }} @keyup=${release} @blur=${release} />`;
  }

  private track(): Track {
    return this.declaration.kind === "slider" ? numbers(this.declaration, this.value) : choices(this.declaration, this.value);
  }
}

function numbers(declaration: DeclarationOf<"slider">, value: Slider["value"]): Track {
  const { min, max, step, number, range } = declaration;
  const round = number === "int" ? Math.round : (position: number) => position;
  return {
    min,
    max,
    step,
    at: (range ? value : [value]) as number[],
    text: (position) => write(position, declaration),
    value: (positions) => (range ? positions.map(round) : round(positions[0] ?? min)),
  };
}

function choices({ options, range }: DeclarationOf<"select_slider">, value: Slider["value"]): Track {
  const label = (position: number) => options[position] ?? "";
  return {
    min: 0,
    max: Math.max(0, options.length - 1),
    step: 1,
    at: (range ? (value as string[]) : [value as string]).map((each) => Math.max(0, options.indexOf(each))),
    text: label,
    value: (positions) => (range ? positions.map(label) : label(positions[0] ?? 0)),
  };
}

/** Where the coloured part of the track begins and ends. */
function fill({ min, max, at }: Track): string {
  const share = (position: number) => (max > min ? (position - min) / (max - min) : 0);
  const [low, high] = at.length > 1 ? [share(at[0] ?? min), share(at[1] ?? max)] : [0, share(at[0] ?? min)];
  return `--ka-from:${low};--ka-to:${high}`;
}
