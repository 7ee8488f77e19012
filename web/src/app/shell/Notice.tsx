import { Link } from "@tanstack/react-router";
import type { Notification } from "~/shared/api/answers";
import { When } from "~/shared/look/When";
import { useWords } from "~/shared/words";
import css from "./shell.module.css";

/** One notice, leading to what it is about. */
export function Notice({ notice, onOpen }: { notice: Notification; onOpen: () => void }) {
  const { item_id: itemId, ticket_id: ticketId, run_id: runId } = notice;
  const shared = { className: css.notice, onClick: onOpen };
  const content = <Content notice={notice} />;
  if (itemId) {
    return (
      <Link {...shared} to="/inbox/$itemId" params={{ itemId }}>
        {content}
      </Link>
    );
  }
  if (ticketId) {
    return (
      <Link {...shared} to="/tickets/$ticketId" params={{ ticketId }}>
        {content}
      </Link>
    );
  }
  if (runId) {
    return (
      <Link {...shared} to="/runs/$runId" params={{ runId }}>
        {content}
      </Link>
    );
  }
  return <div className={css.notice}>{content}</div>;
}

function Content({ notice }: { notice: Notification }) {
  const t = useWords();
  return (
    <>
      <span className={css.noticeTitle}>
        {!notice.read && <span className={css.unread} role="img" aria-label={t("notices.unread")} />}
        {notice.title}
      </span>
      {notice.body && <span className={css.noticeBody}>{notice.body}</span>}
      <When at={notice.created_at} className={css.noticeAt} />
    </>
  );
}
