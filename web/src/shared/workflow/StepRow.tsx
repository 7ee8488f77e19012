import { Group } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import type { StepInstance } from "~/shared/api/answers";
import { Due } from "~/shared/look/Due";
import { lasting } from "~/shared/look/instants";
import { Status, type StatusWord } from "~/shared/look/Status";
import { When } from "~/shared/look/When";
import { useGroups } from "~/shared/people/people";
import { useWords } from "~/shared/words";
import { OpenStep } from "./OpenStep";
import { StepOutput } from "./StepOutput";
import css from "./workflow.module.css";

interface Props {
  step: StepInstance;
  nameOf: (id: string | null | undefined) => string;
}

/** One step: its status, who and when; opened, what it came to. One that waits shows what it waits for. */
export function StepRow({ step, nameOf }: Props) {
  const isOpen = step.status === "active" || (step.status === "timed_out" && !step.completed_at);
  const hasMore = step.status === "completed" && (step.form_data || step.votes?.length || step.error);
  const head = <StepHead step={step} nameOf={nameOf} foldable={!!hasMore} />;
  return (
    <li className={css.step} data-status={step.status} aria-current={isOpen ? "step" : undefined}>
      {hasMore ? (
        <details>
          <summary className={css.summary}>{head}</summary>
          <div className={css.more}>
            <StepOutput step={step} />
          </div>
        </details>
      ) : (
        head
      )}
      {isOpen && step.id && (
        <div className={css.more}>
          <OpenStep itemId={step.id} step={step} />
        </div>
      )}
    </li>
  );
}

function StepHead({ step, nameOf, foldable }: Props & { foldable: boolean }) {
  return (
    <div className={css.head}>
      <span className={css.name}>
        {step.name}
        {foldable && <IconChevronRight size={16} aria-hidden className={css.fold} />}
      </span>
      <Status of={step.status as StatusWord} />
      <Group gap="xs" className={css.detail}>
        <Detail step={step} nameOf={nameOf} />
      </Group>
    </div>
  );
}

function Detail({ step, nameOf }: Props) {
  const t = useWords();
  if (step.completed_at) {
    const took = step.started_at ? Date.parse(step.completed_at) - Date.parse(step.started_at) : null;
    return (
      <>
        {step.outcome && <span>{t("workflow.outcome", { outcome: step.outcome.replaceAll("_", " ") })}</span>}
        {step.completed_by && <span>{nameOf(step.completed_by)}</span>}
        <When at={step.completed_at} />
        {took !== null && took > 60_000 && <span>{t("workflow.took", { time: lasting(took) })}</span>}
      </>
    );
  }
  if (step.status === "skipped") return <span>{t("workflow.skipped")}</span>;
  if (!step.started_at) return null;
  return (
    <>
      <WaitsFor step={step} nameOf={nameOf} />
      <span>
        {t("workflow.since")} <When at={step.started_at} />
      </span>
      {step.due_at && <Due at={step.due_at} openedAt={step.started_at} />}
    </>
  );
}

function WaitsFor({ step, nameOf }: Props) {
  const t = useWords();
  const { data: groups = [] } = useGroups();
  const person = step.claimed_by ?? step.assigned_to;
  if (person) return <span>{t("workflow.waitsFor", { who: nameOf(person) })}</span>;
  const group = groups.find((g) => g.id === step.assigned_group);
  return group ? <span>{t("workflow.waitsFor", { who: group.name })}</span> : null;
}
