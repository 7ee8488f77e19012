import type { Variable } from "./dispatches";

export interface Row {
  id: string;
  name: string;
  value: string;
}
/** Names and values as they are being written: in rows, or as JSON. */
export interface Values {
  as: "rows" | "json";
  rows: Row[];
  json: string;
}
export const EMPTY_VALUES: Values = { as: "rows", rows: [], json: "" };

type Known = Record<string, unknown>;
interface Read {
  values: Known;
  fault: "not_object" | { notJson: string } | null;
}

/** The values that are meant, or why they cannot be read; rows without a name mean nothing. */
export function valuesOf({ as, rows, json }: Values, variables: Record<string, Variable> = {}): Read {
  if (as === "json") return parsed(json);
  const named = rows.filter(({ name, value }) => name.trim() && value.trim());
  return {
    values: Object.fromEntries(
      named.map(({ name, value }) => [name.trim(), meantBy(value, variables[name.trim()]?.type)]),
    ),
    fault: null,
  };
}

function parsed(json: string): Read {
  if (!json.trim()) return { values: {}, fault: null };
  try {
    const found: unknown = JSON.parse(json);
    if (typeof found === "object" && found !== null && !Array.isArray(found))
      return { values: found as Known, fault: null };
    return { values: {}, fault: "not_object" };
  } catch (error) {
    return { values: {}, fault: { notJson: error instanceof Error ? error.message : String(error) } };
  }
}

/** What a row's text means: what it says as JSON, unless it is to be text or would not come back the same. */
function meantBy(text: string, type: Variable["type"]): unknown {
  try {
    const found: unknown = JSON.parse(text);
    if (type === "string" && typeof found !== "string") return text;
    return typeof found === "number" && String(found) !== text.trim() ? text : found;
  } catch {
    return text;
  }
}

/** A row's text for a value. */
function textOf(value: unknown): string {
  return typeof value === "string" && meantBy(value, undefined) === value ? value : JSON.stringify(value);
}

function newRow(name: string, value = ""): Row {
  return { id: crypto.randomUUID(), name, value };
}

/** The values in rows. */
export function asRows(values: Known): Values {
  return { as: "rows", json: "", rows: Object.entries(values).map(([name, value]) => newRow(name, textOf(value))) };
}

/** The same values written the other way; as they are while they cannot be read. */
export function writtenAs(as: Values["as"], now: Values, variables: Record<string, Variable>): Values {
  if (as === now.as) return now;
  const { values, fault } = valuesOf(now, variables);
  if (fault) return now;
  if (as === "rows") return withRowsFor(asRows(values), variables);
  return { ...now, as, json: Object.keys(values).length > 0 ? JSON.stringify(values, null, 2) : "" };
}

/** With another empty row. */
export function withRow(values: Values): Values {
  return { ...values, rows: [...values.rows, newRow("")] };
}

/** With a row for each variable; rows that nothing was written in make way. */
export function withRowsFor(values: Values, variables: Record<string, Variable>): Values {
  if (values.as === "json") return values;
  const kept = values.rows.filter(({ name, value }) => value.trim() || name in variables);
  const missing = Object.entries(variables).filter(([name]) => !kept.some((row) => row.name === name));
  const given = (value: unknown) => (value === undefined || value === null ? "" : textOf(value));
  return { ...values, rows: [...kept, ...missing.map(([name, variable]) => newRow(name, given(variable.default)))] };
}
