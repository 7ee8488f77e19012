import { Tabs, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Failure } from "~/shared/look/Failure";
import { useDocumentTitle } from "~/shared/look/PageHead";
import { Priority } from "~/shared/look/Priority";
import { Status, ticketStatus } from "~/shared/look/Status";
import { Waiting } from "~/shared/look/Waiting";
import { ticketQuery } from "~/shared/tickets/ticket";
import { useWords } from "~/shared/words";
import { Conversation } from "./Conversation";
import { History } from "./History";
import { Properties } from "./Properties";
import { TABS, type Tab } from "./search";
import css from "./tickets.module.css";
import { WorkflowTab } from "./WorkflowTab";

/** One ticket: what was said, its workflow, its history; its properties beside. */
export function TicketScreen() {
  const t = useWords();
  const navigate = useNavigate();
  const { ticketId } = useParams({ from: "/signed-in/tickets/$ticketId" });
  const { tab = "conversation" } = useSearch({ from: "/signed-in/tickets/$ticketId" });
  const { data: ticket, error, refetch } = useQuery(ticketQuery(ticketId));
  useDocumentTitle(ticket ? `${ticket.number} ${ticket.title}` : t("nav.tickets"));
  if (!ticket) return error ? <Failure error={error} retry={() => void refetch()} /> : <Waiting rows={6} />;
  const show = (next: string | null) =>
    void navigate({
      to: "/tickets/$ticketId",
      params: { ticketId },
      search: next === "conversation" ? {} : { tab: next as Tab },
      replace: true,
    });
  return (
    <div className={css.ticket}>
      <header className={css.ticketHead}>
        <div className={css.ticketLine}>
          <Link to="/tickets" className={css.back}>
            {t("nav.tickets")}
          </Link>
          <span aria-hidden="true">/</span>
          <span>{ticket.number}</span>
          <Status of={ticketStatus(ticket.status)} filled />
          <Priority of={ticket.priority} />
        </div>
        <Title order={1} size="h3">
          {ticket.title}
        </Title>
      </header>
      <Tabs value={tab} onChange={show} className={css.tabs} keepMounted={false}>
        <Tabs.List mb="md">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`ticket.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="conversation">
          <Conversation ticket={ticket} />
        </Tabs.Panel>
        <Tabs.Panel value="workflow">
          <WorkflowTab ticketId={ticket.id} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History ticketId={ticket.id} />
        </Tabs.Panel>
      </Tabs>
      <Properties ticket={ticket} />
    </div>
  );
}
