import { ActionIcon, Button, SegmentedControl, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { Variable } from "./dispatches";
import css from "./dispatches.module.css";
import { type Row, type Values, valuesOf, withRow, writtenAs } from "./values";
import { useMessageWords } from "./words/words";

interface Props {
  title: string;
  hint: string;
  values: Values;
  variables?: Record<string, Variable>;
  wrong?: Record<string, string>;
  onChange: (values: Values) => void;
}

/** Names and values, in rows or as JSON. */
export function ValuesBox({ title, hint, values, variables = {}, wrong = {}, onChange }: Props) {
  const t = useMessageWords();
  const { fault } = valuesOf(values, variables);
  const said = fault && (fault === "not_object" ? t("values.notObject") : t("values.notJson", { why: fault.notJson }));
  return (
    <fieldset className={css.values}>
      <legend>{title}</legend>
      <div className={css.valuesHead}>
        <Text size="sm" className={css.soft}>
          {hint}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label={t("values.how", { what: title })}
          value={values.as}
          onChange={(as) => onChange(writtenAs(as as Values["as"], values, variables))}
          data={[
            { value: "rows", label: t("values.rows") },
            { value: "json", label: t("values.json") },
          ]}
        />
      </div>
      {values.as === "json" ? (
        <Textarea
          aria-label={t("values.jsonOf", { what: title })}
          classNames={{ input: css.code }}
          autosize
          minRows={4}
          maxRows={16}
          spellCheck={false}
          error={said}
          value={values.json}
          onChange={(event) => onChange({ ...values, json: event.currentTarget.value })}
        />
      ) : (
        <Rows values={values} variables={variables} wrong={wrong} onChange={onChange} />
      )}
    </fieldset>
  );
}

function Rows({ values, variables, wrong, onChange }: Required<Omit<Props, "title" | "hint">>) {
  const t = useMessageWords();
  const change = (id: string, changes: Partial<Row>) =>
    onChange({ ...values, rows: values.rows.map((row) => (row.id === id ? { ...row, ...changes } : row)) });
  return (
    <>
      {values.rows.map(({ id, name, value }, index) => {
        const variable = variables[name];
        const called = name || t("values.row", { n: index + 1 });
        return variable ? (
          <TextInput
            key={id}
            label={name}
            required={variable.required ?? false}
            description={variable.description}
            error={wrong[name]}
            value={value}
            onChange={(event) => change(id, { value: event.currentTarget.value })}
          />
        ) : (
          <div key={id} className={css.pair}>
            <TextInput
              aria-label={t("values.nameOf", { n: index + 1 })}
              placeholder={t("values.name")}
              value={name}
              onChange={(event) => change(id, { name: event.currentTarget.value })}
            />
            <TextInput
              aria-label={t("values.valueOf", { name: called })}
              placeholder={t("values.value")}
              error={wrong[name]}
              value={value}
              onChange={(event) => change(id, { value: event.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t("values.remove", { name: called })}
              onClick={() => onChange({ ...values, rows: values.rows.filter((row) => row.id !== id) })}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </div>
        );
      })}
      <div>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange(withRow(values))}
        >
          {t("values.add")}
        </Button>
      </div>
    </>
  );
}
