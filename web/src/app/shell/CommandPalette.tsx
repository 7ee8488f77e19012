import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { IconHome, IconInbox, IconPlus, IconSearch, IconSend, IconSitemap, IconTicket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import type { Found, One } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";
import { ticketStatus } from "~/shared/look/Status";
import { isStaff, readsTemplates, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";

const [store, palette] = createSpotlight();

interface Command {
  id: string;
  label: string;
  description?: string;
  icon: ReactNode;
  run: () => void;
}

/** Going anywhere by typing part of its name. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const t = useWords();
  const [words, setWords] = useState("");
  useEffect(() => palette.open(), []);
  const screens = useScreens(words);
  const tickets = useTickets(words.trim());
  const groups = [
    { label: t("palette.screens"), commands: screens },
    { label: t("palette.tickets"), commands: tickets },
  ].filter((group) => group.commands.length > 0);
  return (
    <Spotlight.Root
      store={store}
      query={words}
      onQueryChange={setWords}
      onSpotlightClose={onClose}
      shortcut={null}
      clearQueryOnClose={false}
      title={t("shell.search")}
      scrollable
      maxHeight="min(60vh, 480px)"
    >
      <Spotlight.Search
        placeholder={t("palette.placeholder")}
        aria-label={t("palette.placeholder")}
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Spotlight.ActionsList>
        {groups.map((group) => (
          <Spotlight.ActionsGroup key={group.label} label={group.label}>
            {group.commands.map(({ id, label, description, icon, run }) => (
              <Spotlight.Action key={id} label={label} description={description} leftSection={icon} onClick={run} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {groups.length === 0 && <Spotlight.Empty>{t("palette.nothing")}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

function useScreens(words: string): Command[] {
  const t = useWords();
  const navigate = useNavigate();
  const me = useMe();
  const workflows = {
    id: "workflows",
    label: t("nav.templates"),
    icon: <IconSitemap size={20} aria-hidden />,
    run: () => void navigate({ to: "/templates" }),
  };
  const messages = {
    id: "messages",
    label: t("nav.messages"),
    icon: <IconSend size={20} aria-hidden />,
    run: () => void navigate({ to: "/messages" }),
  };
  const all: Command[] = [
    {
      id: "home",
      label: t("nav.home"),
      icon: <IconHome size={20} aria-hidden />,
      run: () => void navigate({ to: "/" }),
    },
    {
      id: "inbox",
      label: t("nav.inbox"),
      icon: <IconInbox size={20} aria-hidden />,
      run: () => void navigate({ to: "/inbox" }),
    },
    {
      id: "tickets",
      label: t("nav.tickets"),
      icon: <IconTicket size={20} aria-hidden />,
      run: () => void navigate({ to: "/tickets" }),
    },
    {
      id: "new",
      label: t("tickets.new"),
      icon: <IconPlus size={20} aria-hidden />,
      run: () => void navigate({ to: "/tickets/new" }),
    },
    ...(isStaff(me) ? [messages] : []),
    ...(readsTemplates(me) ? [workflows] : []),
  ];
  return all.filter((command) => command.label.toLowerCase().includes(words.trim().toLowerCase()));
}

function useTickets(words: string): Command[] {
  const t = useWords();
  const navigate = useNavigate();
  const [asked] = useDebouncedValue(words, 150);
  const { data } = useQuery({
    queryKey: ["search", asked],
    queryFn: async () =>
      (await answeredAs<One<Found>>(api.GET("/api/v1/search", { params: { query: { q: asked } } }))).data,
    enabled: asked.length > 1,
    placeholderData: (before) => before,
  });
  if (!data || words.length < 2) return [];
  return data.tickets.map((ticket) => ({
    id: ticket.id,
    label: ticket.title,
    description: `${ticket.number} · ${t(`status.${ticketStatus(ticket.status)}`)} · ${ticket.priority}`,
    icon: <IconTicket size={20} aria-hidden />,
    run: () => void navigate({ to: "/tickets/$ticketId", params: { ticketId: ticket.id } }),
  }));
}
