/** Declarations of controls, as `control` messages carry them (docs/architecture.md, "Declarations of controls"). */

import { all, bool, either, type Fields, fits, type Guard, nullable, num, object, oneOf, type Shape, str } from "./guards.ts";

const COMMON = {
  key: str,
  label: str,
  help: nullable(str),
  disabled: bool,
  label_visibility: oneOf("visible", "hidden", "collapsed"),
  nullable: bool,
} satisfies Fields;

const labels = all(str);
const numbers = { number: oneOf("int", "float"), step: num, format: nullable(str) } satisfies Fields;
const text = { value: nullable(str), max_chars: nullable(num), placeholder: nullable(str) } satisfies Fields;

const KINDS = {
  button: { value: bool, style: oneOf("primary", "secondary", "tertiary"), stretch: bool },
  checkbox: { value: bool },
  toggle: { value: bool },
  radio: { value: nullable(str), options: labels, horizontal: bool, captions: nullable(labels) },
  selectbox: { value: nullable(str), options: labels, placeholder: nullable(str) },
  multiselect: { value: labels, options: labels, max_selections: nullable(num), placeholder: nullable(str) },
  slider: { ...numbers, value: either(num, all(num)), min: num, max: num, range: bool },
  select_slider: { value: either(str, labels), options: labels, range: bool },
  number_input: {
    ...numbers,
    value: nullable(num),
    min: nullable(num),
    max: nullable(num),
    placeholder: nullable(str),
  },
  text_input: { ...text, password: bool, autocomplete: nullable(str) },
  text_area: { ...text, height_px: nullable(num) },
  date_input: { value: nullable(either(str, labels)), min: str, max: str, range: bool, format: str },
  time_input: { value: nullable(str), step_s: num },
  color_picker: { value: str },
} satisfies Record<string, Fields>;

export type Kind = keyof typeof KINDS;
export type DeclarationOf<K extends Kind> = K extends Kind ? { kind: K } & Shape<typeof COMMON> & Shape<(typeof KINDS)[K]> : never;
export type Declaration = DeclarationOf<Kind>;

export const isDeclaration: Guard<Declaration> = (value): value is Declaration => {
  if (!fits(COMMON)(value) || !object(value)) return false;
  const kind = (value as Record<string, unknown>).kind;
  return str(kind) && Object.hasOwn(KINDS, kind) && fits(KINDS[kind as Kind] as Fields)(value);
};
