import { IconPlus } from "@tabler/icons-react";
import { Handle, Position } from "@xyflow/react";
import { useDesignerStore } from "../store";
import { outcomeWord } from "../words/outcome";
import { useDesignerWords } from "../words/words";
import css from "./canvas.module.css";

interface Props {
  stepId: string;
  title: string;
  outcome: string;
  isConnected: boolean;
  isFailing: boolean;
}

/** An outcome of a card: a handle to draw a connection from and, where it leads nowhere, a plus to go on. */
export function OutcomeChip({ stepId, title, outcome, isConnected, isFailing }: Props) {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const word = outcomeWord(outcome);
  return (
    <div className={css.outcome} data-connected={isConnected || undefined} data-failing={isFailing || undefined}>
      <span className={css.outcomeWord} title={word}>
        {word}
      </span>
      <Handle type="source" id={outcome} position={Position.Bottom} className={css.source} />
      {!isConnected && (
        <button
          type="button"
          className={`${css.plus} nodrag nopan`}
          aria-label={t("canvas.addEnd", { name: title, outcome: word })}
          onClick={(event) => {
            event.stopPropagation();
            store.setState({ adding: { after: { from: stepId, outcome } } });
          }}
        >
          <IconPlus size={13} aria-hidden />
        </button>
      )}
    </div>
  );
}
