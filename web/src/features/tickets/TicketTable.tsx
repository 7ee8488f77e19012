import { Button } from "@mantine/core";
import { IconFilterOff, IconTicket } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useCallback } from "react";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { VirtualRows } from "~/shared/look/VirtualRows";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { SortHeads } from "./SortHeads";
import { isFiltered, type TicketSearch } from "./search";
import { TicketRow } from "./TicketRow";
import type { useTickets } from "./tickets";
import css from "./tickets.module.css";

/** The tickets, of which only those in sight are on the page; or why there are none. */
export function TicketTable({ list, search }: { list: ReturnType<typeof useTickets>; search: TicketSearch }) {
  const t = useWords();
  const { tickets, total, error, isPending, hasNextPage, fetchNextPage, refetch } = list;
  const more = useCallback(() => {
    if (hasNextPage) void fetchNextPage();
  }, [hasNextPage, fetchNextPage]);
  if (isPending) return <Waiting rows={8} />;
  if (error && tickets.length === 0) return <Failure error={error} retry={() => void refetch()} />;
  if (tickets.length === 0 && isFiltered(search)) {
    return (
      <Empty icon={IconFilterOff} title={t("filters.hideAll")} text={t("filters.hideAllText")}>
        <Button variant="default" size="xs" component={Link} to="/tickets">
          {t("filters.clear")}
        </Button>
      </Empty>
    );
  }
  if (tickets.length === 0) {
    return (
      <Empty icon={IconTicket} title={t("tickets.none")} text={t("tickets.noneText")}>
        <Button size="xs" component={Link} to="/tickets/new">
          {t("tickets.new")}
        </Button>
      </Empty>
    );
  }
  return (
    <div className={css.table}>
      <SortHeads search={search} />
      <VirtualRows
        rows={tickets}
        total={Math.max(total, tickets.length)}
        rowHeight={57}
        label={t("nav.tickets")}
        keyOf={(ticket) => ticket.id}
        onEnd={more}
      >
        {(ticket) => <TicketRow ticket={ticket} />}
      </VirtualRows>
    </div>
  );
}
