import { Alert, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useId } from "react";
import type { Instance } from "~/shared/api/answers";
import { Status, type StatusWord } from "~/shared/look/Status";
import { useNames } from "~/shared/people/people";
import { useWords } from "~/shared/words";
import { stepsOf } from "./instances";
import { StepRow } from "./StepRow";
import css from "./workflow.module.css";

/** A run: how far it is, what it waits for, and every step with who and when. */
export function RunView({ run, headingLevel = 2 }: { run: Instance; headingLevel?: 1 | 2 }) {
  const t = useWords();
  const heading = useId();
  const steps = stepsOf(run);
  const nameOf = useNames(steps.flatMap((step) => [step.assigned_to, step.completed_by, step.claimed_by]));
  const { completed, total, percent } = run.progress;
  return (
    <section className={css.run} aria-labelledby={heading}>
      <Stack gap="sm" p="md">
        <Group justify="space-between" gap="xs">
          <Title order={headingLevel} size="h4" id={heading}>
            {run.template_name}
          </Title>
          <Status of={run.status as StatusWord} filled />
        </Group>
        <div>
          <Progress value={percent} aria-label={t("workflow.progress", { completed, total })} />
          <Text size="sm" c="dimmed" mt={4}>
            {t("workflow.progress", { completed, total })}
          </Text>
        </div>
        {run.failure && (
          <Alert color="red" icon={<IconAlertTriangle />} title={t("workflow.failed")}>
            {run.failure.message}
          </Alert>
        )}
      </Stack>
      <ol className={css.steps}>
        {steps.map((step) => (
          <StepRow key={step.id ?? step.step_id} step={step} nameOf={nameOf} />
        ))}
      </ol>
    </section>
  );
}
