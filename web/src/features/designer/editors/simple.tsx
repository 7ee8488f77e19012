import { Checkbox, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { choiceWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";

export function TextEditor({ control, label, help, required, value, error, onChange }: Editing<"text">) {
  const shared = { label, description: help, error, withAsterisk: required, value: String(value ?? "") };
  return control.long ? (
    <Textarea {...shared} autosize minRows={2} maxRows={10} onChange={(event) => onChange(event.currentTarget.value)} />
  ) : (
    <TextInput {...shared} onChange={(event) => onChange(event.currentTarget.value)} />
  );
}

export function NumberEditor({ control, label, help, required, usual, value, error, onChange }: Editing<"number">) {
  const t = useDesignerWords();
  return (
    <NumberInput
      label={label}
      description={help}
      error={error}
      withAsterisk={required}
      placeholder={usual === null ? "" : t("editor.usual", { value: usual })}
      allowDecimal={!control.integer}
      hideControls
      value={typeof value === "number" ? value : ""}
      onChange={(typed) => onChange(typeof typed === "number" ? typed : undefined)}
    />
  );
}

export function BooleanEditor({ label, help, usual, value, error, onChange }: Editing<"boolean">) {
  return (
    <Checkbox
      label={label}
      description={help}
      error={error}
      checked={(value ?? usual) === true}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

export function ChoiceEditor({ control, label, help, required, usual, value, error, onChange }: Editing<"choice">) {
  const t = useDesignerWords();
  return (
    <Select
      label={label}
      description={help}
      error={error}
      withAsterisk={required}
      data={control.options.map((option) => ({ value: option, label: choiceWord(option) }))}
      placeholder={typeof usual === "string" ? t("editor.usual", { value: choiceWord(usual) }) : t("editor.notSet")}
      value={typeof value === "string" ? value : null}
      clearable={!required}
      clearButtonProps={{ "aria-label": t("editor.clear") }}
      onChange={(chosen) => onChange(chosen ?? undefined)}
    />
  );
}
