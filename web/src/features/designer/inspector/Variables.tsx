import { ActionIcon, Button, Checkbox, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { freeId } from "../definition/names";
import { isObject, type Json } from "../definition/shapes";
import css from "../designer.module.css";
import { useDesignerWords } from "../words/words";

const TYPES = ["string", "number", "integer", "boolean", "array", "object"];

interface Props {
  value: unknown;
  onChange: (variables: Json | undefined) => void;
}

/** What a run is given when it starts: each with a name, a type, and whether it must be. */
export function Variables({ value, onChange }: Props) {
  const t = useDesignerWords();
  const variables = Object.entries(isObject(value) ? value : {}).map(
    ([name, written]) => [name, isObject(written) ? written : {}] as const,
  );
  const write = (changed: readonly (readonly [string, Json])[]) =>
    onChange(changed.length > 0 ? Object.fromEntries(changed) : undefined);
  const put = (index: number, name: string, written: Json) => {
    const isTaken = variables.some(([other], i) => i !== index && other === name);
    if (!isTaken) write(variables.with(index, [name, written]));
  };
  const add = () => {
    const name = freeId(
      variables.map(([taken]) => taken),
      "variable",
    ).replaceAll("-", "_");
    write([...variables, [name, { type: "string" }]]);
  };
  return (
    <fieldset className={css.ways}>
      <legend>{t("settings.variables")}</legend>
      <Text size="xs" c="dimmed" mb="xs">
        {t("settings.variablesHelp")}
      </Text>
      <Stack gap="xs">
        {variables.map(([name, written], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being edited
          <div key={index} className={css.item}>
            <Group gap="xs" wrap="nowrap" align="end">
              <TextInput
                label={t("settings.variable")}
                value={name}
                flex={1}
                onChange={(event) => put(index, event.currentTarget.value, written)}
              />
              <Select
                label={t("settings.variableType")}
                data={TYPES}
                w={110}
                value={String(written.type ?? "string")}
                allowDeselect={false}
                onChange={(type) => put(index, name, { ...written, type })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={t("settings.removeVariable", { name })}
                onClick={() => write(variables.toSpliced(index, 1))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
            <Checkbox
              mt={6}
              size="xs"
              label={t("settings.required")}
              checked={written.required === true}
              onChange={(event) => {
                const { required: _, ...rest } = written;
                put(index, name, event.currentTarget.checked ? { ...rest, required: true } : rest);
              }}
            />
          </div>
        ))}
        <div>
          <Button size="compact-sm" variant="light" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
            {t("settings.addVariable")}
          </Button>
        </div>
      </Stack>
    </fieldset>
  );
}
