import { useNavigate } from "@tanstack/react-router";
import { FilterChips } from "~/shared/look/FilterChips";
import type { DispatchInFull } from "./dispatches";
import type { BoardSearch } from "./search";
import { statesOf, type TaskState } from "./task";
import { useMessageWords } from "./words/words";

const ALL = "all";

/** The answers there are, with how many gave each, to be filtered by. */
export function BoardFilter({ sent, search }: { sent: DispatchInFull; search: BoardSearch }) {
  const t = useMessageWords();
  const navigate = useNavigate();
  const { tasks, total } = sent.counts;
  const states = statesOf(tasks);
  const chosen = search.task;
  if (chosen && !states.some(({ state }) => state === chosen)) states.push({ state: chosen, count: 0 });
  const filter = (value: string) =>
    void navigate({
      to: "/messages/$dispatchId",
      params: { dispatchId: sent.id },
      search: value === ALL || value === chosen ? {} : { task: value as TaskState },
      replace: true,
    });
  return (
    <FilterChips
      label={t("board.filter")}
      chosen={[chosen ?? ALL]}
      onToggle={filter}
      choices={[
        { value: ALL, label: t("board.all"), count: total },
        ...states.map(({ state, count }) => ({ value: state, label: t(`task.${state}`), count })),
      ]}
    />
  );
}
