/** How numbers are written beside their inputs. */

const SPECIFIER = /%([-+ 0,]*)(\d*)(?:\.(\d+))?([difeEgGs%])/g;

/** printf's numeric conversions, as Python's `%` has them, and a comma for thousands. */
export function printf(format: string, value: number): string {
  return format.replace(SPECIFIER, (_, flags: string, width: string, precision: string | undefined, type: string) => {
    if (type === "%") return "%";
    let text = convert(Math.abs(value), type, precision === undefined ? undefined : Number(precision));
    if (flags.includes(",")) text = text.replace(/^\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));
    const sign = value < 0 ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
    const room = Number(width || 0) - sign.length;
    if (flags.includes("-")) return (sign + text).padEnd(Number(width || 0));
    return flags.includes("0") ? sign + text.padStart(room, "0") : (sign + text).padStart(Number(width || 0));
  });
}

function convert(value: number, type: string, precision: number | undefined): string {
  const digits = Math.min(precision ?? 6, 100);
  if (type === "d" || type === "i") return String(Math.trunc(value));
  if (type === "f") return value.toFixed(digits);
  if (type === "e" || type === "E") return exponent(value.toExponential(digits), type === "E");
  if (type === "g" || type === "G") {
    const short = value.toPrecision(Math.max(1, digits));
    return exponent(short.includes(".") ? short.replace(/\.?0+(?=e|$)/, "") : short, type === "G");
  }
  return String(value);
}

/** C writes an exponent with two digits at least. */
function exponent(text: string, upper: boolean): string {
  const padded = text.replace(/e([+-])(\d)$/, "e$10$2");
  return upper ? padded.toUpperCase() : padded;
}

/** A number with the author's format, else with as many decimals as it, or its step, needs. */
export function write(value: number, { format, number, step }: { format: string | null; number: string; step: number }): string {
  if (format?.includes("%")) return printf(format, value);
  return number === "int" ? String(value) : value.toFixed(Math.max(decimals(step), decimals(value)));
}

/** At most 10, since floats beyond that show their rounding. */
function decimals(value: number): number {
  const text = String(Number(value.toPrecision(12)));
  const [, fraction = "", power = "0"] = /^-?\d+(?:\.(\d+))?(?:e(.+))?$/.exec(text) ?? [];
  return Math.min(10, Math.max(0, fraction.length - Number(power)));
}
