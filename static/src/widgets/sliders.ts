/** Sliders that leave alone what the viewer has not moved, and that do not measure the page at each value.
 *
 * A slider of floats counts in steps from its minimum, and shows 1 as 1.0000000000000002. ipywidgets' views tell the kernel: each page that
 * opens, and each value that a callback sets, would run the callbacks again, and leave the kernel with another number than it had.
 */

import { FloatLogSliderView, FloatRangeSliderView, FloatSliderView, IntRangeSliderView, IntSliderView } from "@jupyter-widgets/controls";

/** Relative to the numbers: far above what rounding changes, far below any step that can be seen. */
const NOISE = 1e-12;

/** A readout is as wide as its text (`widgets.css`): asking the page whether it is has it laid out for each value. */
function overflows(): boolean {
  return false;
}

function isSame(shown: number, value: unknown): boolean {
  return typeof value === "number" && Math.abs(shown - value) <= NOISE * Math.max(1, Math.abs(value));
}

/** Without what rounding has added: a double holds fifteen digits. */
function plain(value: number): number {
  return Number(value.toPrecision(14));
}

class Slider extends FloatSliderView {
  override readout_overflow = overflows;

  override handleSliderChanged(values: number[], handle: number): void {
    if (!isSame(values[handle] ?? Number.NaN, this.model.get("value"))) super.handleSliderChanged(values.map(plain), handle);
  }
}

class RangeSlider extends FloatRangeSliderView {
  override readout_overflow = overflows;

  override handleSliderChanged(values: number[], handle: number): void {
    const range: unknown = this.model.get("value");
    const isMoved = !Array.isArray(range) || !values.every((value, index) => isSame(value, range[index]));
    if (isMoved) super.handleSliderChanged(values.map(plain), handle);
  }
}

class LogSlider extends FloatLogSliderView {
  override readout_overflow = overflows;

  override handleSliderChanged(values: number[], handle: number): void {
    const shown = this.model.get("base") ** (values[0] ?? Number.NaN);
    if (!isSame(shown, this.model.get("value"))) super.handleSliderChanged(values, handle);
  }
}

class WholeSlider extends IntSliderView {
  override readout_overflow = overflows;
}

class WholeRangeSlider extends IntRangeSliderView {
  override readout_overflow = overflows;
}

export const steadySliders = {
  IntSliderView: WholeSlider,
  IntRangeSliderView: WholeRangeSlider,
  FloatSliderView: Slider,
  FloatRangeSliderView: RangeSlider,
  FloatLogSliderView: LogSlider,
};
