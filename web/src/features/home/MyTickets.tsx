import { IconTicket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answered, api } from "~/shared/api/client";
import { Empty } from "~/shared/look/Empty";
import { Priority } from "~/shared/look/Priority";
import { Status, ticketStatus } from "~/shared/look/Status";
import { When } from "~/shared/look/When";
import { useWords } from "~/shared/words";
import { Card } from "./Card";
import css from "./home.module.css";

const SHOWN = 6;
const UNDER_WAY = "new,open,in_progress,pending,on_hold";

/** Tickets under way that I asked for, or that are mine to work on. */
export function MyTickets({ title, filter }: { title: string; filter: "assignee" | "requester" }) {
  const t = useWords();
  const asked = useQuery({
    queryKey: ["tickets", "home", filter],
    queryFn: () => {
      const query = { [filter]: "me", status: UNDER_WAY, limit: SHOWN, sort: "updated_at" } as const;
      return answered(api.GET("/api/v1/tickets", { params: { query } }));
    },
  });
  const all = (
    <Link to="/tickets" search={{ [filter]: "me", status: UNDER_WAY }}>
      {t("home.toTickets")}
    </Link>
  );
  return (
    <Card title={title} count={asked.data?.meta.total} all={all} asked={asked}>
      {asked.data?.data.length === 0 && (
        <Empty icon={IconTicket} title={t("home.noTickets")} text={t(`home.none_${filter}`)} />
      )}
      <ul className={css.rows}>
        {asked.data?.data.map((ticket) => (
          <li key={ticket.id}>
            <Link to="/tickets/$ticketId" params={{ ticketId: ticket.id }} className={css.row}>
              <span className={css.rowTitle}>{ticket.title}</span>
              <Status of={ticketStatus(ticket.status)} />
              <span className={css.rowText}>
                {ticket.number} · <When at={ticket.updated_at} />
              </span>
              <Priority of={ticket.priority} />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
