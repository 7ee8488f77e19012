import type { FormField } from "~/shared/api/answers";
import type { Issue } from "~/shared/api/refused";
import { visibleFields } from "./visible";

export type FormValues = Record<string, unknown>;

const PREFIX = "form_data.";

/** What the form shows before anybody has typed: each field's default. */
export function initialValues(fields: FormField[]): FormValues {
  return Object.fromEntries(fields.map((field) => [field.name, field.default ?? empty(field)]));
}

function empty(field: FormField): unknown {
  if (field.type === "checkbox") return false;
  if (field.type === "multiselect" || (field.type === "file" && field.multiple)) return [];
  return "";
}

/** What is sent: the visible fields, those left empty as null, so that a default is not put back in their place. */
export function formData(fields: FormField[], values: FormValues): FormValues {
  const sent = visibleFields(fields, values).map((field): [string, unknown] => {
    const value = values[field.name];
    if (value === "" || value === undefined) return [field.name, null];
    if (field.type === "datetime" && typeof value === "string") return [field.name, instant(value)];
    return [field.name, value];
  });
  return Object.fromEntries(sent);
}

/** A local date and time as the browser's picker writes it, as an instant; anything else as it is. */
function instant(value: string): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : date.toISOString();
}

/** The first issue of each field, by its name. */
export function issuesByField(issues: Issue[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const issue of issues) {
    const name = issue.path.startsWith(PREFIX) ? issue.path.slice(PREFIX.length) : issue.path;
    found[name] ??= issue.message;
  }
  return found;
}

/** Required fields that were left empty, with what to say; so that the first try needs no server. */
export function missing(fields: FormField[], values: FormValues, say: (label: string) => string) {
  const found: Record<string, string> = {};
  for (const field of visibleFields(fields, values)) {
    const value = values[field.name];
    const none = value === undefined || value === null || value === false || (Array.isArray(value) && !value.length);
    if (field.required && (none || (typeof value === "string" && !value.trim()))) {
      found[field.name] = say(field.label ?? field.name);
    }
  }
  return found;
}
