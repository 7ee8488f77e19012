import { isObject, type Json } from "./shapes";

export const OPERATORS = [
  "eq",
  "ne",
  "in",
  "not_in",
  "gt",
  "ge",
  "lt",
  "le",
  "contains",
  "starts_with",
  "ends_with",
  "matches",
  "exists",
  "changed",
  "changed_to",
  "changed_from",
] as const;
export type Operator = (typeof OPERATORS)[number];

/** A condition as the builder shows it. `other` is what it has no editor for, kept as it is. */
export type Clause =
  | { kind: "all" | "any"; clauses: Clause[] }
  | { kind: "not"; clause: Clause }
  | { kind: "field"; field: string; op: string; value: unknown; short: boolean }
  | { kind: "expression"; text: string }
  | { kind: "other"; json: unknown };

/** Reads a condition as written: several properties beside each other must all hold. */
export function clauseOf(written: unknown): Clause {
  if (!isObject(written)) return { kind: "other", json: written };
  const parts = Object.entries(written).map(([name, value]) => part(name, value));
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind: "all", clauses: parts };
}

function part(name: string, value: unknown): Clause {
  if ((name === "all" || name === "any") && Array.isArray(value)) return { kind: name, clauses: value.map(clauseOf) };
  if (name === "not") return { kind: "not", clause: clauseOf(value) };
  if (name === "expression" && typeof value === "string") return { kind: "expression", text: value };
  if (name === "all" || name === "any") return { kind: "other", json: { [name]: value } };
  if (!isObject(value)) return { kind: "field", field: name, op: "eq", value, short: true };
  const ops = Object.entries(value).map(
    ([op, to]): Clause => ({ kind: "field", field: name, op, value: to, short: false }),
  );
  const [only] = ops;
  return ops.length === 1 && only ? only : { kind: "all", clauses: ops };
}

/** The condition as it is written. */
export function written(clause: Clause): Json {
  switch (clause.kind) {
    case "all":
    case "any":
      return { [clause.kind]: clause.clauses.map(written) };
    case "not":
      return { not: written(clause.clause) };
    case "field":
      return { [clause.field]: clause.short && clause.op === "eq" ? clause.value : { [clause.op]: clause.value } };
    case "expression":
      return { expression: clause.text };
    case "other":
      return clause.json as Json;
  }
}

/** A new clause. */
export function emptyClause(): Clause {
  return { kind: "field", field: "ticket.priority", op: "eq", value: "P1", short: true };
}

/** Whether the operator wants several values. */
export function wantsList(op: string): boolean {
  return op === "in" || op === "not_in";
}

/** Whether it wants true or false. */
export function wantsTruth(op: string): boolean {
  return op === "exists" || op === "changed";
}

/** What was typed as the value it means: numbers and truths are themselves, all else is text. */
export function valueTyped(text: string, op: string): unknown {
  if (wantsList(op))
    return text
      .split(",")
      .map((one) => single(one.trim()))
      .filter((one) => one !== "");
  return single(text);
}

function single(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === "true") return true;
  return text === "false" ? false : text;
}

/** The value as it is typed. */
export function typed(value: unknown): string {
  if (Array.isArray(value)) return value.map(typed).join(", ");
  return value === null || value === undefined ? "" : isObject(value) ? JSON.stringify(value) : String(value);
}

/** The condition in a sentence, for cards and differences. */
export function sentenceOf(clause: Clause, word: (op: string) => string): string {
  switch (clause.kind) {
    case "all":
    case "any":
      return clause.clauses
        .map((one) => (one.kind === "all" || one.kind === "any" ? `(${sentenceOf(one, word)})` : sentenceOf(one, word)))
        .join(` ${word(clause.kind)} `);
    case "not":
      return `${word("not")} (${sentenceOf(clause.clause, word)})`;
    case "field":
      return `${clause.field} ${word(clause.op)} ${wantsTruth(clause.op) && clause.value === true ? "" : typed(clause.value)}`.trim();
    case "expression":
      return clause.text;
    case "other":
      return JSON.stringify(clause.json);
  }
}
