import { Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconFilterOff, IconLock } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Avatar } from "~/shared/look/Avatar";
import { Empty } from "~/shared/look/Empty";
import { When } from "~/shared/look/When";
import { type DispatchInFull, RECIPIENTS_A_PAGE, type Recipient } from "./dispatches";
import css from "./dispatches.module.css";
import type { BoardSearch } from "./search";
import { TaskMark } from "./TaskMark";
import { useMessageWords } from "./words/words";

interface Props {
  sent: DispatchInFull;
  meta: { total: number; page: number; total_pages: number };
  search: BoardSearch;
  isOld: boolean;
}

/** A page of the recipients: who, how they stand to it, and who has locked it for them. */
export function RecipientTable({ sent, meta, search, isOld }: Props) {
  const t = useMessageWords();
  const params = { dispatchId: sent.id };
  if (sent.recipients.length === 0) {
    return (
      <Empty icon={IconFilterOff} title={t("board.nobody")} text={t("board.nobodyText")}>
        <Button
          variant="default"
          size="xs"
          renderRoot={(props) => <Link {...props} to="/messages/$dispatchId" params={params} />}
        >
          {t("board.show")}
        </Button>
      </Empty>
    );
  }
  return (
    <>
      <table className={css.table} aria-labelledby="recipients-title" aria-busy={isOld || undefined}>
        <thead>
          <tr>
            <th scope="col">{t("board.person")}</th>
            <th scope="col">{t("board.state")}</th>
            <th scope="col">{t("board.at")}</th>
            <th scope="col">{t("board.held")}</th>
            <th scope="col">{t("board.changed")}</th>
          </tr>
        </thead>
        <tbody>
          {sent.recipients.map((recipient) => (
            <RecipientRow key={recipient.id} recipient={recipient} />
          ))}
        </tbody>
      </table>
      {meta.total_pages > 1 && <Pages sent={sent} meta={meta} search={search} />}
    </>
  );
}

function RecipientRow({ recipient }: { recipient: Recipient }) {
  const t = useMessageWords();
  const { user, task, label, locked_by, status, changed_at } = recipient;
  return (
    <tr>
      <th scope="row">
        <span className={css.person}>
          <Avatar name={user.name} />
          <span className={css.what}>
            <span className={css.title}>{user.name}</span>
            <span className={css.soft}>{user.email}</span>
          </span>
        </span>
      </th>
      <td data-cell="task">
        <TaskMark of={task} />
      </td>
      <td data-cell="at">
        <span>{label}</span>
        {status !== "active" && <span className={css.soft}>{t(`board.${status}`)}</span>}
      </td>
      <td data-cell="held">
        {locked_by && (
          <span className={css.holder}>
            <IconLock size={14} aria-hidden /> {locked_by.name}
          </span>
        )}
      </td>
      <td data-cell="changed">
        <When at={changed_at} className={css.soft} />
      </td>
    </tr>
  );
}

function Pages({ sent, meta: { page, total, total_pages }, search }: Omit<Props, "isOld">) {
  const t = useMessageWords();
  const from = (page - 1) * RECIPIENTS_A_PAGE + 1;
  const range = t("board.range", { from, to: Math.min(total, from + RECIPIENTS_A_PAGE - 1), total });
  const beside = [
    { to: page - 1, word: t("board.previous"), icon: IconChevronLeft },
    { to: page + 1, word: t("board.next"), icon: IconChevronRight },
  ];
  return (
    <nav className={css.pages} aria-label={t("board.recipients")}>
      <span className={css.soft}>{range}</span>
      {beside.map(({ to, word, icon: Icon }) =>
        to < 1 || to > total_pages ? (
          <Button key={word} size="compact-md" variant="default" aria-label={word} disabled>
            <Icon size={16} aria-hidden />
          </Button>
        ) : (
          <Button
            key={word}
            size="compact-md"
            variant="default"
            aria-label={word}
            renderRoot={(props) => (
              <Link
                {...props}
                to="/messages/$dispatchId"
                params={{ dispatchId: sent.id }}
                search={{ ...search, page: to }}
              />
            )}
          >
            <Icon size={16} aria-hidden />
          </Button>
        ),
      )}
    </nav>
  );
}
