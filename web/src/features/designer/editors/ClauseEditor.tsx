import { ActionIcon, Group, Menu, Select, Stack, Textarea } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type Clause, emptyClause } from "../definition/condition";
import css from "../designer.module.css";
import { useDesignerWords } from "../words/words";
import { Comparison } from "./Comparison";
import { JsonEditor } from "./JsonEditor";

interface Props {
  clause: Clause;
  onChange: (clause: Clause) => void;
  onRemove?: () => void;
}

/** One clause of a condition, with what is in it. */
export function ClauseEditor({ clause, onChange, onRemove }: Props) {
  const t = useDesignerWords();
  switch (clause.kind) {
    case "all":
    case "any":
      return <GroupEditor clause={clause} onChange={onChange} {...(onRemove && { onRemove })} />;
    case "not":
      return (
        <div className={css.group}>
          <Group justify="space-between" mb={6}>
            <b>{t("condition.not")}</b>
            {onRemove && <Remove onRemove={onRemove} />}
          </Group>
          <ClauseEditor clause={clause.clause} onChange={(inner) => onChange({ kind: "not", clause: inner })} />
        </div>
      );
    case "field":
      return (
        <div className={css.clause}>
          <Comparison clause={clause} onChange={onChange} />
          <Group gap={2} wrap="nowrap">
            <AddMenu onAdd={(added) => onChange({ kind: "all", clauses: [clause, added] })} />
            {onRemove && <Remove onRemove={onRemove} />}
          </Group>
        </div>
      );
    case "expression":
      return (
        <div className={css.clause}>
          <Textarea
            aria-label={t("condition.expression")}
            autosize
            minRows={1}
            spellCheck={false}
            value={clause.text}
            onChange={(event) => onChange({ kind: "expression", text: event.currentTarget.value })}
          />
          {onRemove && <Remove onRemove={onRemove} />}
        </div>
      );
    case "other":
      return (
        <JsonEditor
          control={{ kind: "json" }}
          label={t("editor.asJson")}
          help={null}
          required={false}
          usual={null}
          error={undefined}
          value={clause.json}
          onChange={(json) => onChange({ kind: "other", json })}
        />
      );
  }
}

function GroupEditor({ clause, onChange, onRemove }: Props & { clause: Extract<Clause, { kind: "all" | "any" }> }) {
  const t = useDesignerWords();
  const { kind, clauses } = clause;
  const write = (changed: Clause[]) => {
    const [only] = changed;
    onChange(changed.length === 1 && only ? only : { kind, clauses: changed });
  };
  return (
    <div className={css.group}>
      <Group justify="space-between" wrap="nowrap" mb={6}>
        <Select
          aria-label={t("condition.label")}
          size="xs"
          w={130}
          data={[
            { value: "all", label: t("condition.all") },
            { value: "any", label: t("condition.any") },
          ]}
          value={kind}
          allowDeselect={false}
          onChange={(chosen) => onChange({ kind: chosen === "any" ? "any" : "all", clauses })}
        />
        <Group gap={2}>
          <AddMenu onAdd={(added) => write([...clauses, added])} />
          {onRemove && <Remove onRemove={onRemove} />}
        </Group>
      </Group>
      <Stack gap="xs">
        {clauses.map((inner, index) => (
          <ClauseEditor
            // biome-ignore lint/suspicious/noArrayIndexKey: clauses have nothing else to be told apart by
            key={index}
            clause={inner}
            onChange={(changed) => onChange({ kind, clauses: clauses.with(index, changed) })}
            onRemove={() => write(clauses.toSpliced(index, 1))}
          />
        ))}
      </Stack>
    </div>
  );
}

function AddMenu({ onAdd }: { onAdd: (clause: Clause) => void }) {
  const t = useDesignerWords();
  const choices: [string, Clause][] = [
    [t("condition.addClause"), emptyClause()],
    [t("condition.addGroup"), { kind: "any", clauses: [emptyClause(), emptyClause()] }],
    [t("condition.addNot"), { kind: "not", clause: emptyClause() }],
    [t("condition.addExpression"), { kind: "expression", text: "true" }],
  ];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("condition.add")}>
          <IconPlus size={15} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(([label, clause]) => (
          <Menu.Item key={label} onClick={() => onAdd(clause)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Remove({ onRemove }: { onRemove: () => void }) {
  const t = useDesignerWords();
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={t("condition.remove")} onClick={onRemove}>
      <IconTrash size={15} aria-hidden />
    </ActionIcon>
  );
}
