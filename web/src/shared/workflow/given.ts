import type { StepInstance } from "~/shared/api/answers";

/** What was filled in, by the labels the form had, as text. */
export function given(step: StepInstance): [string, string][] {
  const labels = new Map((step.fields ?? []).map((field) => [field.name, field.label ?? field.name]));
  return Object.entries(step.form_data ?? {}).map(([name, value]) => [labels.get(name) ?? name, asText(value)]);
}

function asText(value: unknown): string {
  if (value === true) return "✓";
  if (value === false) return "✗";
  if (Array.isArray(value)) return value.map(asText).join(", ");
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
