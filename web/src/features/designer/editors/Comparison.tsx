import { Autocomplete, Select, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { type Clause, OPERATORS, typed, valueTyped, wantsList, wantsTruth } from "../definition/condition";
import { isEqual } from "../definition/equal";
import { knownNames } from "../definition/known-names";
import css from "../designer.module.css";
import { useDefinition } from "../store";
import { useDesignerWords } from "../words/words";

type Field = Extract<Clause, { kind: "field" }>;

/** A name, an operator, and what it is compared with. */
export function Comparison({ clause, onChange }: { clause: Field; onChange: (clause: Clause) => void }) {
  const t = useDesignerWords();
  const definition = useDefinition();
  const names = useMemo(() => knownNames(definition), [definition]);
  const { field, op, value } = clause;
  const [text, setText] = useState<string | null>(null);
  const shown = text !== null && isEqual(valueTyped(text, op), value) ? text : typed(value);
  const reop = (chosen: string | null) => {
    const next = chosen ?? "eq";
    const keeps = wantsTruth(next) === wantsTruth(op) && wantsList(next) === wantsList(op);
    const other = wantsTruth(next)
      ? true
      : wantsList(next)
        ? [value].flat()
        : wantsTruth(op)
          ? ""
          : ([value].flat()[0] ?? "");
    onChange({ ...clause, op: next, value: keeps ? value : other });
  };
  return (
    <div className={css.comparison}>
      <Autocomplete
        aria-label={t("condition.field")}
        data={names}
        limit={50}
        value={field}
        onChange={(name) => onChange({ ...clause, field: name })}
      />
      <Select
        aria-label={t("condition.op")}
        data={OPERATORS.map((name) => ({ value: name, label: t(`op.${name}`) }))}
        value={op}
        allowDeselect={false}
        onChange={reop}
      />
      {wantsTruth(op) ? (
        <Select
          aria-label={t("condition.value")}
          data={[
            { value: "true", label: t("editor.yes") },
            { value: "false", label: t("editor.no") },
          ]}
          value={String(value)}
          allowDeselect={false}
          onChange={(truth) => onChange({ ...clause, value: truth === "true" })}
        />
      ) : (
        <TextInput
          aria-label={t("condition.value")}
          {...(wantsList(op) && { description: t("condition.several") })}
          value={shown}
          onChange={(event) => {
            setText(event.currentTarget.value);
            onChange({ ...clause, value: valueTyped(event.currentTarget.value, op) });
          }}
        />
      )}
    </div>
  );
}
