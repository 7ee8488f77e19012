import { IconLock } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { InboxItem } from "~/shared/api/answers";
import { Due } from "~/shared/look/Due";
import { Label } from "~/shared/look/Label";
import { toneOfLabel } from "~/shared/look/tone";
import { When } from "~/shared/look/When";
import { useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import css from "./inbox.module.css";
import type { InboxSearch } from "./search";

interface Props {
  item: InboxItem;
  search: InboxSearch;
  isOpen: boolean;
}

/** One item: what it is, how it stands, whether somebody has it, when it is due. */
export function ItemRow({ item, search, isOpen }: Props) {
  const t = useWords();
  const me = useMe();
  const holder = item.locked_by && item.locked_by.id !== me.id ? item.locked_by.name : null;
  const at = item.completed_at ?? item.opened_at;
  const content = (
    <>
      <span className={css.rowTitle}>{item.title}</span>
      <Label tone={toneOfLabel(item.label_style)}>{item.label}</Label>
      <span className={css.rowText}>
        {item.ticket && <span>{item.ticket.number} </span>}
        {item.subtitle}
      </span>
      <span className={css.rowFoot}>
        {holder ? (
          <span className={css.holder}>
            <IconLock size={14} aria-hidden /> {t("item.takenBy", { name: holder })}
          </span>
        ) : (
          at && <When at={at} />
        )}
        {item.due_at && <Due at={item.due_at} openedAt={item.opened_at} />}
      </span>
    </>
  );
  // What is done has no page of its own; its ticket or run has.
  if (item.completed_at) {
    return (
      <Link to="/runs/$runId" params={{ runId: item.run.id }} className={css.row}>
        {content}
      </Link>
    );
  }
  return (
    <Link
      to="/inbox/$itemId"
      params={{ itemId: item.id }}
      search={search}
      className={css.row}
      data-taken={holder ? true : undefined}
      aria-current={isOpen ? "true" : undefined}
    >
      {content}
    </Link>
  );
}
