import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useWords } from "~/shared/words";
import { type Sort, sortedBy, type TicketSearch } from "./search";
import css from "./tickets.module.css";

const COLUMNS: Sort[] = ["number", "title", "status", "priority", "updated_at"];

/** The columns' names, each of which sorts by it. */
export function SortHeads({ search }: { search: TicketSearch }) {
  const t = useWords();
  const present = search.sort ?? "created_at";
  const Arrow = search.order === "asc" ? IconArrowUp : IconArrowDown;
  return (
    <nav className={css.heads} aria-label={t("tickets.sort")}>
      {COLUMNS.map((sort) => (
        <Link
          key={sort}
          to="/tickets"
          search={sortedBy(search, sort)}
          replace
          data-column={sort}
          aria-current={present === sort ? "true" : undefined}
        >
          {t(`tickets.column.${sort as "title"}`)}
          {present === sort && (
            <Arrow size={14} aria-label={search.order === "asc" ? t("tickets.ascending") : t("tickets.descending")} />
          )}
        </Link>
      ))}
      <span data-column="assignee">{t("ticket.assignee")}</span>
    </nav>
  );
}
