import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link, useSearch } from "@tanstack/react-router";
import { PageHead } from "~/shared/look/PageHead";
import { isStaff, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { TicketFilters } from "./TicketFilters";
import { TicketTable } from "./TicketTable";
import { useTickets } from "./tickets";

/** All tickets the reader may see, filtered and sorted as the address says. */
export function TicketListScreen() {
  const t = useWords();
  const me = useMe();
  const search = useSearch({ from: "/signed-in/tickets" });
  const list = useTickets(search);
  return (
    <>
      <PageHead title={isStaff(me) ? t("nav.tickets") : t("tickets.mine")}>
        <Button component={Link} to="/tickets/new" leftSection={<IconPlus size={16} aria-hidden />}>
          {t("tickets.new")}
        </Button>
      </PageHead>
      <TicketFilters search={search} total={list.isPending ? undefined : list.total} />
      <TicketTable list={list} search={search} />
    </>
  );
}
