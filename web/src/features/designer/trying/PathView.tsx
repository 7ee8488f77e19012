import { ActionIcon, Alert, Group, Text } from "@mantine/core";
import { IconCheck, IconChevronLeft, IconChevronRight, IconX } from "@tabler/icons-react";
import type { BranchSeen, Simulation, Visited } from "../api/simulation";
import css from "../designer.module.css";
import { StepIcon } from "../look/StepIcon";
import { outcomeWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";

interface Props {
  simulation: Simulation;
  seen: number;
  onSee: (count: number) => void;
}

/** The way a trial took, to step through, with why each branch was taken. */
export function PathView({ simulation, seen, onSee }: Props) {
  const t = useDesignerWords();
  const { path } = simulation;
  return (
    <>
      <Group justify="space-between">
        <Text fw={600} size="sm">
          {t("trying.path")}
        </Text>
        {path.length > 0 && (
          <Group gap={4}>
            <ActionIcon
              variant="default"
              aria-label={t("trying.previous")}
              disabled={seen === 0}
              onClick={() => onSee(seen - 1)}
            >
              <IconChevronLeft size={16} aria-hidden />
            </ActionIcon>
            <Text size="xs" c="dimmed">
              {t("trying.position", { at: seen, of: path.length })}
            </Text>
            <ActionIcon
              variant="default"
              aria-label={t("trying.next")}
              disabled={seen === path.length}
              onClick={() => onSee(seen + 1)}
            >
              <IconChevronRight size={16} aria-hidden />
            </ActionIcon>
          </Group>
        )}
      </Group>
      <ol className={css.path}>
        {path.map((visited, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step may be gone through several times
          <li key={index} data-ahead={index >= seen || undefined}>
            <Passed visited={visited} />
          </li>
        ))}
      </ol>
      <Ending simulation={simulation} />
    </>
  );
}

function Passed({ visited }: { visited: Visited }) {
  const t = useDesignerWords();
  const changes = Object.entries(visited.changes ?? {}).map(([field, [, now]]) => `${field} → ${String(now)}`);
  return (
    <div className={css.passed}>
      <StepIcon type={visited.type} size={14} />
      <div>
        <div className={css.passedHead}>
          <b>{visited.name}</b>
          <span>{outcomeWord(visited.outcome)}</span>
        </div>
        {visited.who.length > 0 && (
          <div className={css.passedText}>{visited.who.map(({ name }) => name).join(", ")}</div>
        )}
        {changes.length > 0 && (
          <div className={css.passedText}>{t("trying.changes", { what: changes.join(", ") })}</div>
        )}
        {visited.explanation && <Why branches={visited.explanation} />}
      </div>
    </div>
  );
}

function Why({ branches }: { branches: BranchSeen[] }) {
  const t = useDesignerWords();
  return (
    <ul className={css.why} aria-label={t("trying.why")}>
      {branches.map(({ label, holds, clauses }) => (
        <li key={label}>
          <span data-holds={holds}>
            {t("trying.branch", { label })} {t(holds ? "trying.holds" : "trying.holdsNot")}
          </span>
          <ul>
            {clauses.map(({ path, field, seen, holds: clauseHolds }) => (
              <li key={path} data-holds={clauseHolds}>
                {clauseHolds ? (
                  <IconCheck size={13} aria-label={t("trying.holds")} />
                ) : (
                  <IconX size={13} aria-label={t("trying.holdsNot")} />
                )}
                {t("trying.seen", {
                  field,
                  seen: seen === null || seen === undefined ? t("trying.nothing") : JSON.stringify(seen),
                })}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Ending({ simulation }: { simulation: Simulation }) {
  const t = useDesignerWords();
  const { status, refused, failure, problems } = simulation;
  const stuck = problems.filter(({ step_id, path }) => step_id !== null && path === "");
  if (refused) {
    return (
      <Alert color="red" title={t("trying.refused")}>
        {[refused.message, ...refused.issues.map(({ path, message }) => `${path}: ${message}`)].join(" ")}
      </Alert>
    );
  }
  if (status === "invalid") {
    const errors = problems.filter(({ severity }) => severity === "error");
    return (
      <Alert color="red" title={t("trying.invalid")}>
        {errors.map(({ message }) => message).join(" ")}
      </Alert>
    );
  }
  if (status === "failed")
    return (
      <Alert color="red" title={t("trying.failed")}>
        {failure?.message ?? failure?.reason}
      </Alert>
    );
  return (
    <>
      {stuck.length > 0 && (
        <Alert color="yellow" title={t("trying.warned")}>
          {stuck.map(({ message }) => message).join(" ")}
        </Alert>
      )}
      {status === "completed" && <Alert color="teal" icon={<IconCheck />} title={t("trying.completed")} />}
    </>
  );
}
