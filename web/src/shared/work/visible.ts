import type { FormField } from "~/shared/api/answers";

type Values = Record<string, unknown>;
type Judge = (seen: unknown, expected: unknown) => boolean | null;

const isNothing = (value: unknown) => value === undefined || value === null || value === "";

function numberIn(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isNaN(number) ? null : number;
}

function same(seen: unknown, expected: unknown): boolean {
  if (isNothing(seen) || isNothing(expected)) return isNothing(seen) && isNothing(expected);
  if (typeof seen === "boolean" || typeof expected === "boolean") return seen === expected;
  const [a, b] = [numberIn(seen), numberIn(expected)];
  return a !== null && b !== null ? a === b : seen === expected;
}

const amongst: Judge = (seen, expected) => Array.isArray(expected) && expected.some((value) => same(seen, value));

function ordered(holds: (a: number | string, b: number | string) => boolean): Judge {
  return (seen, expected) => {
    const [a, b] = [numberIn(seen), numberIn(expected)];
    if (a !== null && b !== null) return holds(a, b);
    return typeof seen === "string" && typeof expected === "string" && a === b && holds(seen, expected);
  };
}

const JUDGES: Record<string, Judge> = {
  eq: same,
  ne: (seen, expected) => !same(seen, expected),
  in: amongst,
  not_in: (seen, expected) => !amongst(seen, expected),
  gt: ordered((a, b) => a > b),
  ge: ordered((a, b) => a >= b),
  lt: ordered((a, b) => a < b),
  le: ordered((a, b) => a <= b),
  exists: (seen, expected) => isNothing(seen) !== expected,
  contains: (seen, expected) => (Array.isArray(seen) ? seen.some((value) => same(value, expected)) : null),
};

/** Whether a condition holds; null when only the server can tell, as for expressions and names from outside the form. */
export function judged(condition: unknown, values: Values, known: ReadonlySet<string>): boolean | null {
  if (typeof condition !== "object" || condition === null) return null;
  const verdicts = Object.entries(condition).map(([name, wanted]): boolean | null => {
    if (name === "all" && Array.isArray(wanted)) return every(wanted.map((part) => judged(part, values, known)));
    if (name === "any" && Array.isArray(wanted)) return some(wanted.map((part) => judged(part, values, known)));
    if (name === "not") return opposite(judged(wanted, values, known));
    if (!known.has(name)) return null;
    return compared(values[name], wanted);
  });
  return every(verdicts);
}

function compared(seen: unknown, wanted: unknown): boolean | null {
  if (Array.isArray(wanted)) return amongst(seen, wanted);
  if (typeof wanted !== "object" || wanted === null) return same(seen, wanted);
  return every(Object.entries(wanted).map(([operator, expected]) => JUDGES[operator]?.(seen, expected) ?? null));
}

const opposite = (verdict: boolean | null) => (verdict === null ? null : !verdict);
const every = (all: (boolean | null)[]) => (all.includes(false) ? false : all.includes(null) ? null : true);
const some = (all: (boolean | null)[]) => (all.includes(true) ? true : all.includes(null) ? null : false);

/** The fields to show for these values. One whose condition cannot be judged here is shown: the server decides. */
export function visibleFields(fields: FormField[], values: Values): FormField[] {
  const known = new Set(fields.map((field) => field.name));
  const seen: Values = {};
  return fields.filter((field) => {
    const shown = !field.show_if || judged(field.show_if, { ...values, ...seen }, known) !== false;
    seen[field.name] = shown ? values[field.name] : null;
    return shown;
  });
}
