import type { FormField } from "~/shared/api/answers";
import type { HandedOver } from "~/shared/dispatches/handed-over";
import { type FormValues, formData, initialValues } from "~/shared/work/form-data";
import type { Variable } from "./dispatches";
import { asRows, EMPTY_VALUES, type Values, valuesOf } from "./values";

/** A message as it is being written. `key` belongs to exactly this content, so that sending it twice sends it once. */
export interface Composed {
  template: string | null;
  title: string;
  due: string;
  by: "query" | "people";
  query: string;
  people: string[];
  data: Values;
  attributes: Values;
  fields: FormField[];
  asked: FormValues;
  key: string;
}

export interface NewDispatch {
  template: string;
  to: string | string[];
  data?: Record<string, unknown>;
  attributes?: Record<string, unknown>;
  title?: string;
  due_at?: string;
}

export const EMPTY: Composed = {
  template: null,
  title: "",
  due: "",
  by: "query",
  query: "",
  people: [],
  data: EMPTY_VALUES,
  attributes: EMPTY_VALUES,
  fields: [],
  asked: {},
  key: "",
};

/** What was handed over, as a message that has been begun. */
export function begunWith({ body, fields }: HandedOver): Composed {
  const asked = (fields ?? []).map((field) =>
    typeof field === "string" ? ({ name: field, type: "text" } as FormField) : field,
  );
  const names = Array.isArray(body.to);
  return {
    ...EMPTY,
    template: body.template,
    by: names ? "people" : "query",
    query: names ? "" : String(body.to ?? ""),
    people: names ? (body.to as string[]) : [],
    data: asRows(body.data),
    fields: asked,
    asked: initialValues(asked),
  };
}

/** What is sent. Read it only when nothing is amiss. */
export function bodyOf(composed: Composed, variables: Record<string, Variable>): NewDispatch {
  const { template, title, due, by, query, people, fields, asked } = composed;
  const data = { ...valuesOf(composed.data, variables).values, ...answersTo(fields, asked) };
  const { values: attributes } = valuesOf(composed.attributes);
  return {
    template: template ?? "",
    to: by === "query" ? query.trim() : people,
    data,
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(title.trim() && { title: title.trim() }),
    ...(due && { due_at: new Date(due).toISOString() }),
  };
}

/** What was filled in; fields left empty are left out. */
function answersTo(fields: FormField[], asked: FormValues): FormValues {
  return Object.fromEntries(Object.entries(formData(fields, asked)).filter(([, value]) => value !== null));
}

/** A rule that means the group's people, beside whom it meant before. */
export function withGroup(query: string, slug: string): string {
  const named = /[,[\]"'\s]/.test(slug) ? JSON.stringify(slug) : slug;
  const groups = /given groups \[([^\]]*)\]/;
  if (!groups.test(query)) return `${query.trim()} given groups [${named}]`.trim();
  return query.replace(groups, (_, names: string) => `given groups [${names.trim() ? `${names}, ` : ""}${named}]`);
}
