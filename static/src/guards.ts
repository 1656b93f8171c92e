/** Small type guards, from which the wire's types are inferred, so that a type and its check cannot disagree. */

export type Guard<T> = (value: unknown) => value is T;
export type Fields = Record<string, Guard<unknown>>;
export type Shape<F extends Fields> = { [K in keyof F]: F[K] extends Guard<infer T> ? T : never };

export const str: Guard<string> = (value) => typeof value === "string";
export const bool: Guard<boolean> = (value) => typeof value === "boolean";
export const num: Guard<number> = (value) => typeof value === "number";
export const int: Guard<number> = (value): value is number => Number.isSafeInteger(value);
export const object: Guard<Record<string, unknown>> = (value): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

export function all<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(guard);
}

export function oneOf<const T extends readonly string[]>(...words: T): Guard<T[number]> {
  return (value): value is T[number] => words.includes(value as string);
}

export function either<A, B>(a: Guard<A>, b: Guard<B>): Guard<A | B> {
  return (value): value is A | B => a(value) || b(value);
}

/** Does the value have these fields? Others are let through: a newer server may send more. */
export function fits<F extends Fields>(fields: F): Guard<Shape<F>> {
  return (value): value is Shape<F> => object(value) && Object.entries(fields).every(([name, guard]) => guard(value[name]));
}
