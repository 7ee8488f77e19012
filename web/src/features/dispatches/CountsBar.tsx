import css from "./dispatches.module.css";
import { statesOf, type TaskState } from "./task";
import { useMessageWords } from "./words/words";

interface Props {
  tasks: Partial<Record<TaskState, number>>;
  total: number;
  thick?: boolean;
}

/** How many stand where, as a bar of as many colours. */
export function CountsBar({ tasks, total, thick = false }: Props) {
  const t = useMessageWords();
  const states = statesOf(tasks);
  const parts = states.map(({ state, count }) => t("bar.part", { count, state: t(`task.${state}`).toLowerCase() }));
  return (
    <span
      role="img"
      className={css.bar}
      data-thick={thick || undefined}
      aria-label={t("bar.label", { count: total, parts: parts.join(", ") })}
    >
      {states.map(({ state, count }) => (
        <span key={state} className={css.part} data-task={state} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}
