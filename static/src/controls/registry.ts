/** Which element shows which kind of control. */

import type { Declaration, Kind } from "../declarations.ts";
import { Button, Checkbox, Radio, Selectbox } from "./choice.ts";
import type { Control, Sink } from "./control.ts";
import { ColorPicker, DateInput, TimeInput } from "./moment.ts";
import { Multiselect } from "./multiselect.ts";
import { Slider } from "./slider.ts";
import { NumberInput, TextInput } from "./text.ts";

/** A control of any kind; it is only ever given declarations of its own. */
export type AnyControl = Control<Kind> & { receive(declaration: Declaration): void };

const ELEMENTS: Record<Kind, string> = {
  button: "ka-button",
  checkbox: "ka-checkbox",
  toggle: "ka-checkbox",
  radio: "ka-radio",
  selectbox: "ka-selectbox",
  multiselect: "ka-multiselect",
  slider: "ka-slider",
  select_slider: "ka-slider",
  number_input: "ka-number-input",
  text_input: "ka-text-input",
  text_area: "ka-text-input",
  date_input: "ka-date-input",
  time_input: "ka-time-input",
  color_picker: "ka-color-picker",
};

customElements.define("ka-button", Button);
customElements.define("ka-checkbox", Checkbox);
customElements.define("ka-radio", Radio);
customElements.define("ka-selectbox", Selectbox);
customElements.define("ka-multiselect", Multiselect);
customElements.define("ka-slider", Slider);
customElements.define("ka-number-input", NumberInput);
customElements.define("ka-text-input", TextInput);
customElements.define("ka-date-input", DateInput);
customElements.define("ka-time-input", TimeInput);
customElements.define("ka-color-picker", ColorPicker);

/** A new control, showing its declaration. */
export function createControl(declaration: Declaration, sink: Sink): AnyControl {
  const control = document.createElement(ELEMENTS[declaration.kind]) as AnyControl;
  control.className = "ka-control";
  control.sink = sink;
  control.receive(declaration);
  return control;
}
