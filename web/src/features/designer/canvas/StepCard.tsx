import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { connectionsFrom } from "../definition/connections";
import { isFailing, outcomesOf } from "../definition/outcomes";
import { type Step, startOf, titleOf } from "../definition/shapes";
import { ProblemMark } from "../look/ProblemMark";
import { StepIcon } from "../look/StepIcon";
import { kindOf } from "../step-types/kinds";
import { useDesigner, useProblems, useStep } from "../store";
import { whoWord } from "../words/who";
import { useDesignerWords } from "../words/words";
import css from "./canvas.module.css";
import type { StepNode } from "./nodes";
import { OutcomeChip } from "./OutcomeChip";

/** A step on the canvas: what it is, who does it, and its outcomes to connect from. */
export const StepCard = memo(function StepCard({ id, selected }: NodeProps<StepNode>) {
  const step = useStep(id);
  return step ? <Card step={step} isChosen={selected} /> : null;
});

function Card({ step, isChosen }: { step: Step; isChosen: boolean }) {
  const t = useDesignerWords();
  const problems = useProblems(step.id);
  const isStart = useDesigner(({ history }) => startOf(history.present) === step.id);
  const lit = useDesigner(({ lit }) =>
    lit === null ? null : lit.at === step.id ? "at" : lit.steps.has(step.id) ? "yes" : "no",
  );
  const { summary, who } = kindOf(step.type);
  const whos = who?.(step) ?? [];
  const connected = new Set(connectionsFrom(step).map(({ outcome }) => outcome));
  const outcomes = Array.isArray(step.next) ? [...connected] : outcomesOf(step);
  return (
    <div className={css.card} data-chosen={isChosen || undefined} data-lit={lit ?? undefined}>
      <Handle type="target" position={Position.Top} className={css.target} />
      <div className={css.cardHead}>
        <StepIcon type={step.type} />
        <div className={css.cardTexts}>
          <span className={css.cardTitle}>{titleOf(step)}</span>
          <span className={css.cardText}>{summary(step) ?? step.type}</span>
        </div>
        <div className={css.cardMarks}>
          {isStart && <span className={css.start}>{t("canvas.start")}</span>}
          <ProblemMark problems={problems} />
        </div>
      </div>
      {whos.length > 0 && <div className={css.cardWho}>{whos.map(whoWord).join(", ")}</div>}
      <div className={css.outcomes}>
        {outcomes.map((outcome) => (
          <OutcomeChip
            key={outcome}
            stepId={step.id}
            title={titleOf(step)}
            outcome={outcome}
            isConnected={connected.has(outcome)}
            isFailing={isFailing(step, outcome)}
          />
        ))}
      </div>
    </div>
  );
}
