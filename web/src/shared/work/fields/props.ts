import type { FormField } from "~/shared/api/answers";

/** What every field of a form is shown with. */
export interface FieldProps {
  field: FormField;
  value: unknown;
  error: string | undefined;
  onChange: (value: unknown) => void;
}

/** The properties that all of Mantine's inputs share. */
export function inputProps({ field, error }: FieldProps) {
  return {
    id: fieldId(field.name),
    name: field.name,
    label: field.label ?? field.name,
    description: field.help,
    error,
    withAsterisk: field.required ?? false,
    "aria-required": field.required ?? false,
  };
}

/** Where a field is on the page. */
export function fieldId(name: string): string {
  return `field-${name}`;
}

/** The options as Mantine's inputs want them. */
export function optionsOf(field: FormField): { value: string; label: string }[] {
  return (field.options ?? []).map((option) =>
    typeof option === "object"
      ? { value: String(option.value), label: option.label ?? String(option.value) }
      : { value: String(option), label: String(option) },
  );
}
