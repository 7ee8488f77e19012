import { useLiveState } from "~/shared/live/live-state";
import { useWords } from "~/shared/words";
import css from "./shell.module.css";

/** Whether news arrive as they happen. */
export function LiveBadge() {
  const t = useWords();
  const state = useLiveState((live) => live.state);
  return (
    <span className={css.live} data-state={state} role="status" title={t(`live.${state}Hint`)}>
      <span className={css.dot} aria-hidden="true" />
      <span className={css.liveWord}>{t(`live.${state}`)}</span>
    </span>
  );
}
