import { Button, Select, Stack } from "@mantine/core";
import { IconFlag } from "@tabler/icons-react";
import { connect, disconnect, targetOf } from "../definition/connections";
import { startAt } from "../definition/edits";
import { isFailing, outcomesOf } from "../definition/outcomes";
import { type Step, startOf, stepsOf, titleOf } from "../definition/shapes";
import css from "../designer.module.css";
import { useDefinition, useDesignerStore } from "../store";
import { outcomeWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";

const NEW = "\u0000new";

/** Where each outcome of a step leads; the way to connect without drawing. */
export function Ways({ step }: { step: Step }) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const definition = useDefinition();
  const { change } = store.getState();
  const steps = stepsOf(definition);
  const data = [
    { value: NEW, label: t("inspector.addStep") },
    ...steps.map((other) => ({ value: other.id, label: titleOf(other) })),
  ];
  const lead = (outcome: string, to: string | null) => {
    const way = { from: step.id, outcome };
    if (to === NEW) store.setState({ adding: { after: way } });
    else change((now) => (to === null ? disconnect(now, way) : connect(now, { ...way, to })));
  };
  return (
    <fieldset className={css.ways}>
      <legend>{t("inspector.ways")}</legend>
      <Stack gap="xs">
        {outcomesOf(step).map((outcome) => (
          <Select
            key={outcome}
            label={t("inspector.followedBy", { outcome: outcomeWord(outcome) })}
            placeholder={isFailing(step, outcome) ? t("inspector.endsRun") : t("inspector.endsHere")}
            data={data}
            value={targetOf(step, outcome)}
            onChange={(to) => lead(outcome, to)}
            clearable
            clearButtonProps={{ "aria-label": t("editor.clear") }}
            searchable
            allowDeselect={false}
          />
        ))}
        {startOf(definition) !== step.id && (
          <div>
            <Button
              size="compact-sm"
              variant="subtle"
              leftSection={<IconFlag size={14} aria-hidden />}
              onClick={() => change((now) => startAt(now, step.id))}
            >
              {t("inspector.makeStart")}
            </Button>
          </div>
        )}
      </Stack>
    </fieldset>
  );
}
