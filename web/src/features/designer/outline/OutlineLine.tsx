import { IconArrowBackUp, IconFlag, IconPlus } from "@tabler/icons-react";
import { memo } from "react";
import type { Line } from "../definition/outline";
import { startOf, titleOf } from "../definition/shapes";
import css from "../designer.module.css";
import { ProblemMark } from "../look/ProblemMark";
import { StepIcon } from "../look/StepIcon";
import { useDesigner, useDesignerStore, useProblems, useStep } from "../store";
import { outcomeWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";

interface Props {
  line: Line;
  top: number;
  domId: string;
  isCurrent: boolean;
  isChosen: boolean;
  isFirstLoose: boolean;
  onChoose: () => void;
}

/** A line of the outline. */
export const OutlineLine = memo(function OutlineLine(props: Props) {
  const { line, top, domId, isCurrent, isChosen, isFirstLoose, onChoose } = props;
  const t = useDesignerWords();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around it takes the keys
    <div
      id={domId}
      role="treeitem"
      aria-level={line.level}
      aria-selected={isChosen}
      aria-current={isCurrent || undefined}
      tabIndex={isCurrent ? 0 : -1}
      className={css.line}
      data-kind={line.kind}
      data-chosen={isChosen || undefined}
      style={{
        transform: `translateY(${top}px)`,
        paddingInlineStart: `${0.5 + Math.min(line.level - 1, 8) * 0.75}rem`,
      }}
      onClick={onChoose}
    >
      {line.via !== null && <span className={css.via}>{outcomeWord(line.via)}</span>}
      {isFirstLoose && <span className={css.loose}>{t("outline.loose")}</span>}
      {line.kind === "end" ? <EndLine line={line} /> : <StepLine line={line} />}
    </div>
  );
});

function StepLine({ line }: { line: Line }) {
  const t = useDesignerWords();
  const step = useStep(line.id);
  const problems = useProblems(line.id);
  const isStart = useDesigner(({ history }) => startOf(history.present) === line.id);
  const title = step ? titleOf(step) : line.id;
  if (line.kind === "reference" || !step) {
    return (
      <span className={css.reference}>
        <IconArrowBackUp size={14} aria-hidden />
        {t("outline.backTo", { name: title })}
      </span>
    );
  }
  return (
    <>
      <StepIcon type={step.type} size={14} />
      <span className={css.lineTitle}>{title}</span>
      {isStart && <IconFlag size={14} className={css.flag} aria-label={t("outline.start")} />}
      <span className={css.lineMark}>
        <ProblemMark problems={problems} />
      </span>
    </>
  );
}

function EndLine({ line }: { line: Line }) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  return (
    <>
      <span className={css.ends}>{t("outline.ends")}</span>
      <button
        type="button"
        tabIndex={-1}
        className={css.lineAdd}
        aria-label={t("outline.add")}
        onClick={(event) => {
          event.stopPropagation();
          if (line.from) store.setState({ adding: { after: line.from } });
        }}
      >
        <IconPlus size={14} aria-hidden />
      </button>
    </>
  );
}
