import { Link } from "@tanstack/react-router";
import { Due } from "~/shared/look/Due";
import { When } from "~/shared/look/When";
import { CountsBar } from "./CountsBar";
import { DispatchStatus } from "./DispatchStatus";
import type { Dispatch } from "./dispatches";
import css from "./dispatches.module.css";
import { useMessageWords } from "./words/words";

/** One message of the list: what, by whom, and how many have answered how. */
export function DispatchRow({ sent }: { sent: Dispatch }) {
  const t = useMessageWords();
  const { tasks, total } = sent.counts;
  const by = sent.sent_by === "script" ? t("list.byScript") : sent.sender && t("list.by", { name: sent.sender.name });
  return (
    <li>
      <Link to="/messages/$dispatchId" params={{ dispatchId: sent.id }} className={css.row}>
        <span className={css.what}>
          <span className={css.title}>{sent.title}</span>
          <span className={css.soft}>{[sent.template.name, by].filter(Boolean).join(" · ")}</span>
        </span>
        <span className={css.counts}>
          <CountsBar tasks={tasks} total={total} />
          <span className={css.soft}>{t("list.answered", { answered: total - (tasks.open ?? 0), count: total })}</span>
        </span>
        <span className={css.status}>
          <DispatchStatus of={sent} />
        </span>
        <span className={css.when}>
          <When at={sent.sent_at} className={css.soft} />
          {sent.due_at && sent.status === "active" && <Due at={sent.due_at} openedAt={sent.sent_at} />}
        </span>
      </Link>
    </li>
  );
}
