import type { ComponentType } from "react";
import type { FieldType } from "~/shared/api/answers";
import { PersonPicker } from "~/shared/people/PersonPicker";
import { ChoiceField, SeveralField, TickField } from "./ChoiceField";
import { FileField } from "./FileField";
import { type FieldProps, inputProps } from "./props";
import { LongTextField, TextField } from "./TextField";

function PersonField(props: FieldProps) {
  const { "aria-required": _, name: __, ...rest } = inputProps(props);
  return <PersonPicker {...rest} value={String(props.value ?? "") || null} onChange={props.onChange} />;
}

const FIELDS: Record<FieldType, ComponentType<FieldProps>> = {
  text: TextField,
  textarea: LongTextField,
  number: TextField,
  checkbox: TickField,
  select: ChoiceField,
  multiselect: SeveralField,
  date: TextField,
  datetime: TextField,
  email: TextField,
  user: PersonField,
  file: FileField,
};

/** A field of a form, whatever its type. */
export function Field(props: FieldProps) {
  const Shown = FIELDS[props.field.type] ?? TextField;
  return <Shown {...props} />;
}
