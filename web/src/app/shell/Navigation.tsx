import { IconHome, IconInbox, IconSend, IconSitemap, IconTicket, type TablerIcon } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { isStaff, readsTemplates, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { useInboxCount } from "~/shared/work/inbox-count";
import css from "./shell.module.css";

interface Place {
  to: "/" | "/inbox" | "/tickets" | "/messages" | "/templates";
  icon: TablerIcon;
  name: string;
  mark?: ReactNode;
}

/** The screens: at the side where there is room, else along the bottom, within a thumb's reach. */
export function Navigation() {
  const t = useWords();
  const me = useMe();
  const waiting = useInboxCount();
  const places: Place[] = [
    { to: "/", icon: IconHome, name: t("nav.home") },
    { to: "/inbox", icon: IconInbox, name: t("nav.inbox"), mark: waiting ? <Mark count={waiting} /> : null },
    { to: "/tickets", icon: IconTicket, name: t("nav.tickets") },
    ...(isStaff(me) ? [{ to: "/messages" as const, icon: IconSend, name: t("nav.messages") }] : []),
    ...(readsTemplates(me) ? [{ to: "/templates" as const, icon: IconSitemap, name: t("nav.templates") }] : []),
  ];
  return (
    <nav className={css.nav} aria-label={t("nav.label")}>
      {places.map(({ to, icon: Icon, name, mark }) => (
        <Link key={to} to={to} className={css.place} activeOptions={{ exact: to === "/", includeSearch: false }}>
          <Icon size={20} aria-hidden />
          <span>{name}</span>
          {mark}
        </Link>
      ))}
    </nav>
  );
}

function Mark({ count }: { count: number }) {
  const t = useWords();
  return (
    <span className={css.mark}>
      <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
      <span className={css.hidden}>{t("nav.waiting", { count })}</span>
    </span>
  );
}
