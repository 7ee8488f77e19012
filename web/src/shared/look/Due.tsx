import { useWords } from "~/shared/words";
import { dueIn, fromNow, inFull } from "./instants";
import css from "./look.module.css";
import { useNow } from "./useNow";

const ROUND = 2 * Math.PI * 6;

/** When something is due: a ring that empties, and the words. */
export function Due({ at, openedAt = null }: { at: string; openedAt?: string | null | undefined }) {
  const t = useWords();
  const now = useNow();
  const due = Date.parse(at);
  const { share, tone } = dueIn(due, openedAt ? Date.parse(openedAt) : null, now);
  const words = tone === "bad" ? t("due.late", { when: fromNow(due, now) }) : t("due.in", { when: fromNow(due, now) });
  return (
    <span className={css.due} data-tone={tone} title={inFull(at)}>
      <svg className={css.ring} width="15" height="15" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" />
        <circle cx="8" cy="8" r="6" strokeDasharray={ROUND} strokeDashoffset={ROUND * (1 - share)} />
      </svg>
      {words}
    </span>
  );
}
