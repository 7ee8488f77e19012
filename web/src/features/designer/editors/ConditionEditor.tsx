import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { clauseOf, emptyClause, written } from "../definition/condition";
import css from "../designer.module.css";
import { useDesignerWords } from "../words/words";
import { ClauseEditor } from "./ClauseEditor";
import type { Editing } from "./editing";

/** A condition: comparisons, and groups of them, as deep as need be. */
export function ConditionEditor({ label, help, required, value, error, onChange }: Editing<"condition">) {
  const t = useDesignerWords();
  return (
    <fieldset className={css.ways}>
      <legend>
        {label}
        {required && " *"}
      </legend>
      {help && <p className={css.help}>{help}</p>}
      {value === undefined ? (
        <Button
          size="compact-sm"
          variant="light"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange(written(emptyClause()))}
        >
          {t("condition.addClause")}
        </Button>
      ) : (
        <ClauseEditor
          clause={clauseOf(value)}
          onChange={(clause) => onChange(written(clause))}
          {...(!required && { onRemove: () => onChange(undefined) })}
        />
      )}
      {error && <p className={css.wrong}>{error}</p>}
    </fieldset>
  );
}
