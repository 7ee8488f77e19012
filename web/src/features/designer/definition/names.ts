import { type Definition, stepsOf } from "./shapes";

const LONGEST = 64;

/** An id that no step has, made from a word: `approval`, `approval-2`. */
export function freeId(taken: Iterable<string>, wanted: string): string {
  const all = new Set(taken);
  const base = idFrom(wanted);
  if (!all.has(base)) return base;
  for (let n = 2; ; n++) {
    const id = `${base.slice(0, LONGEST - 5)}-${n}`;
    if (!all.has(id)) return id;
  }
}

/** A text as an id can be written. */
export function idFrom(text: string): string {
  const id = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9_.-]+/g, "-")
    .replace(/^[.-]+|-+$/g, "");
  return id.slice(0, LONGEST) || "step";
}

/** Whether a step may be called so. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text);
}

/** The ids of all steps. */
export function idsOf(definition: Definition): string[] {
  return stepsOf(definition).map(({ id }) => id);
}
