import type { ComponentType } from "react";
import type { Problem } from "../definition/problems";
import type { Control, Property } from "../definition/property-form";
import { CalendarEditor } from "./CalendarEditor";
import { ConditionEditor } from "./ConditionEditor";
import type { Editing } from "./editing";
import { FormFieldsEditor } from "./FormFieldsEditor";
import { JsonEditor } from "./JsonEditor";
import { ListEditor } from "./ListEditor";
import { ObjectEditor } from "./ObjectEditor";
import { BooleanEditor, ChoiceEditor, NumberEditor, TextEditor } from "./simple";
import { VariantEditor } from "./VariantEditor";
import { WhoEditor, WhosEditor } from "./WhoEditor";
import { WordOrNumberEditor } from "./WordOrNumberEditor";

const EDITORS: { [K in Control["kind"]]: ComponentType<Editing<K>> } = {
  text: TextEditor,
  number: NumberEditor,
  boolean: BooleanEditor,
  choice: ChoiceEditor,
  who: WhoEditor,
  whos: WhosEditor,
  condition: ConditionEditor,
  calendar: CalendarEditor,
  formFields: FormFieldsEditor,
  list: ListEditor,
  object: ObjectEditor,
  variant: VariantEditor,
  wordOrNumber: WordOrNumberEditor,
  json: JsonEditor,
};

interface Props {
  property: Property;
  label: string;
  value: unknown;
  problems: Problem[];
  onChange: (value: unknown) => void;
}

/** One property in the editor that suits its schema, with what is wrong with it. */
export function PropertyField({ property, label, value, problems, onChange }: Props) {
  const Editor = EDITORS[property.control.kind] as ComponentType<Editing<Control["kind"]>>;
  const told = problems.map(({ message }) => message).join(" ");
  return (
    <Editor
      control={property.control}
      label={label}
      help={property.help}
      required={property.required}
      usual={property.default}
      value={value ?? undefined}
      error={told || undefined}
      onChange={(next) => onChange(isLeftOut(property, next) ? undefined : next)}
    />
  );
}

function isLeftOut(property: Property, value: unknown): boolean {
  return value === undefined || value === null || value === "" || (!property.required && value === property.default);
}
