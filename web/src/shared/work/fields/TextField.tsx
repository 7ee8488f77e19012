import { Textarea, TextInput } from "@mantine/core";
import { type FieldProps, inputProps } from "./props";

const INPUT_TYPES: Record<string, string> = { email: "email", date: "date", datetime: "datetime-local" };

/** One line of text, an e-mail address, a date, or a date and time in the browser's zone. */
export function TextField(props: FieldProps) {
  const { field, value, onChange } = props;
  return (
    <TextInput
      {...inputProps(props)}
      type={INPUT_TYPES[field.type] ?? "text"}
      inputMode={field.type === "number" ? "decimal" : undefined}
      placeholder={field.placeholder}
      maxLength={field.max_length}
      autoComplete="off"
      value={String(value ?? "")}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Several lines of text. */
export function LongTextField(props: FieldProps) {
  const { field, value, onChange } = props;
  return (
    <Textarea
      {...inputProps(props)}
      placeholder={field.placeholder}
      maxLength={field.max_length}
      minRows={3}
      autosize
      maxRows={14}
      value={String(value ?? "")}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
