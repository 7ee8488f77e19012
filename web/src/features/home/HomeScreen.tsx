import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { PageHead } from "~/shared/look/PageHead";
import { isStaff, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import css from "./home.module.css";
import { MyTickets } from "./MyTickets";
import { NeedsMe } from "./NeedsMe";

/** What needs me, and what is mine. */
export function HomeScreen() {
  const t = useWords();
  const me = useMe();
  return (
    <>
      <PageHead title={t("home.title", { name: me.name.split(" ")[0] ?? me.name })}>
        <Button component={Link} to="/tickets/new" leftSection={<IconPlus size={16} aria-hidden />}>
          {t("tickets.new")}
        </Button>
      </PageHead>
      <div className={css.columns}>
        <NeedsMe />
        <div className={css.column}>
          {isStaff(me) && <MyTickets title={t("home.assigned")} filter="assignee" />}
          <MyTickets title={t("home.requested")} filter="requester" />
        </div>
      </div>
    </>
  );
}
