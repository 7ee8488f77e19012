import { Button, Checkbox, Group, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { freeId, idFrom } from "../definition/names";
import { type Property, withValue } from "../definition/property-form";
import { isObject, type Json } from "../definition/shapes";
import css from "../designer.module.css";
import { useDesignerWords } from "../words/words";
import type { Editing } from "./editing";
import { ItemTools, swapped } from "./ListEditor";
import { Properties } from "./ObjectEditor";

const SHOWN = new Set(["name", "label", "type", "required", "options", "minimum", "maximum"]);

/** The fields of a form. */
export function FormFieldsEditor({ control, label, required, value, error, onChange }: Editing<"formFields">) {
  const t = useDesignerWords();
  const fields = (Array.isArray(value) ? value : []).filter(isObject);
  const add = () => {
    const name = nameFor("field", fields);
    onChange([...fields, { name, label: "", type: "text" }]);
  };
  return (
    <fieldset className={css.ways}>
      <legend>
        {label}
        {required && " *"}
      </legend>
      <Stack gap="sm">
        {fields.map((field, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being edited
          <div key={index} className={css.item}>
            <ItemTools
              name={String(field.label || field.name || index + 1)}
              onUp={index > 0 ? () => onChange(swapped(fields, index - 1)) : undefined}
              onDown={index < fields.length - 1 ? () => onChange(swapped(fields, index)) : undefined}
              onRemove={() => onChange(fields.toSpliced(index, 1))}
            />
            <OneField
              field={field}
              properties={control.item}
              others={fields.toSpliced(index, 1)}
              onChange={(changed) => onChange(fields.with(index, changed))}
            />
          </div>
        ))}
        <div>
          <Button size="compact-sm" variant="light" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
            {t("editor.add")}
          </Button>
        </div>
      </Stack>
      {error && <p className={css.wrong}>{error}</p>}
    </fieldset>
  );
}

interface Props {
  field: Json;
  properties: Property[];
  others: Json[];
  onChange: (field: Json) => void;
}

function OneField({ field, properties, others, onChange }: Props) {
  const t = useDesignerWords();
  const types = properties.find(({ name }) => name === "type")?.control;
  const type = String(field.type ?? "text");
  const hasOptions = type === "select" || type === "multiselect";
  const relabel = (label: string) => {
    const follows =
      field.name === nameFor(String(field.label ?? ""), others) || /^field(_\d+)?$/.test(String(field.name));
    onChange({ ...field, label, ...(follows && label && { name: nameFor(label, others) }) });
  };
  const retype = (chosen: string | null) => {
    const { options, ...rest } = field;
    const wantsOptions = chosen === "select" || chosen === "multiselect";
    onChange({ ...rest, type: chosen ?? "text", ...(wantsOptions && { options: options ?? ["yes", "no"] }) });
  };
  return (
    <Stack gap="xs">
      <TextInput
        label={t("property.label")}
        value={String(field.label ?? "")}
        onChange={(event) => relabel(event.currentTarget.value)}
      />
      <Group gap="xs" grow>
        <TextInput
          label={t("property.name")}
          value={String(field.name ?? "")}
          spellCheck={false}
          onChange={(event) => onChange({ ...field, name: event.currentTarget.value })}
        />
        <Select
          label={t("property.type")}
          data={types?.kind === "choice" ? types.options : [type]}
          value={type}
          allowDeselect={false}
          onChange={retype}
        />
      </Group>
      {hasOptions && <Options value={field.options} onChange={(options) => onChange({ ...field, options })} />}
      <Checkbox
        label={t("property.required")}
        checked={field.required === true}
        onChange={(event) =>
          onChange(withValue(field, { name: "required", default: false, required: false }, event.currentTarget.checked))
        }
      />
      <details className={css.more}>
        <summary>{t("editor.details", { name: String(field.label || field.name) })}</summary>
        <div className={css.moreBody}>
          <Properties
            properties={properties.filter(({ name }) => !SHOWN.has(name))}
            value={field}
            onChange={onChange}
          />
        </div>
      </details>
    </Stack>
  );
}

function Options({ value, onChange }: { value: unknown; onChange: (options: unknown[]) => void }) {
  const t = useDesignerWords();
  const options = Array.isArray(value) ? value : [];
  const objects = options.filter(isObject);
  const lines = options.map((option) => (isObject(option) ? String(option.value) : String(option))).join("\n");
  const read = (text: string) =>
    text.split("\n").map((line) => objects.find((option) => String(option.value) === line) ?? line);
  return (
    <Textarea
      label={t("property.options")}
      description={t("editor.optionsHelp")}
      autosize
      minRows={2}
      maxRows={8}
      value={lines}
      onChange={(event) => onChange(read(event.currentTarget.value))}
      onBlur={() => onChange(options.filter((option) => option !== ""))}
    />
  );
}

function nameFor(label: string, others: Json[]): string {
  const taken = others.map(({ name }) => String(name ?? ""));
  const wanted = idFrom(label)
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^(\d)/, "_$1");
  return freeId(taken, wanted).replaceAll("-", "_");
}
