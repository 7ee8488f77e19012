import { Link } from "@tanstack/react-router";
import type { Ticket } from "~/shared/api/answers";
import { Priority } from "~/shared/look/Priority";
import { Status, ticketStatus } from "~/shared/look/Status";
import { When } from "~/shared/look/When";
import { useWords } from "~/shared/words";
import css from "./tickets.module.css";

/** A ticket in the list: a line where there is room, else three. */
export function TicketRow({ ticket }: { ticket: Ticket }) {
  const t = useWords();
  return (
    <Link to="/tickets/$ticketId" params={{ ticketId: ticket.id }} className={css.row}>
      <span data-column="number">{ticket.number}</span>
      <span data-column="title">
        <span className={css.rowTitle}>{ticket.title}</span>
        <span className={css.rowText}>{ticket.requester_name}</span>
      </span>
      <span data-column="status">
        <Status of={ticketStatus(ticket.status)} />
      </span>
      <span data-column="priority">
        <Priority of={ticket.priority} />
      </span>
      <span data-column="updated_at">
        <When at={ticket.updated_at} />
      </span>
      <span data-column="assignee">{ticket.assignee_name ?? ticket.group_name ?? t("ticket.nobody")}</span>
    </Link>
  );
}
