import { Select, Stack, Title } from "@mantine/core";
import type { Ticket, TicketInFull } from "~/shared/api/answers";
import { Facts } from "~/shared/look/Facts";
import { inBrief } from "~/shared/look/instants";
import { PRIORITIES } from "~/shared/look/Priority";
import { ticketStatus } from "~/shared/look/Status";
import { tellFailed } from "~/shared/look/told";
import { PersonPicker } from "~/shared/people/PersonPicker";
import { useGroups } from "~/shared/people/people";
import { isStaff, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { STATUSES } from "./search";
import { type TicketChanges, useChangeTicket } from "./tickets";
import css from "./tickets.module.css";

/** How the ticket stands and with whom it is; staff change it right here. */
export function Properties({ ticket }: { ticket: TicketInFull }) {
  const t = useWords();
  const me = useMe();
  return (
    <aside className={css.properties} aria-label={t("ticket.properties")}>
      <Title order={2} size="h5" mb="sm">
        {t("ticket.properties")}
      </Title>
      {isStaff(me) && <Editable ticket={ticket} />}
      <Facts
        rows={[
          ...(isStaff(me) ? [] : asRead(t, ticket)),
          [t("ticket.requester"), ticket.requester_name],
          [t("ticket.type"), t(`type.${ticket.type}`)],
          [t("ticket.subtype"), ticket.subtype],
          [t("ticket.queue"), ticket.queue],
          [t("ticket.tags"), ticket.tags.join(", ")],
          [t("ticket.created"), inBrief(ticket.created_at)],
          [t("ticket.updated"), inBrief(ticket.updated_at)],
        ]}
      />
    </aside>
  );
}

function asRead(t: ReturnType<typeof useWords>, ticket: TicketInFull): [string, string][] {
  return [
    [t("ticket.status"), t(`status.${ticketStatus(ticket.status)}`)],
    [t("ticket.priority"), `${ticket.priority} · ${t(`priority.${ticket.priority}`)}`],
    [t("ticket.assignee"), ticket.assignee_name ?? ticket.group_name ?? t("ticket.nobody")],
  ];
}

function Editable({ ticket }: { ticket: TicketInFull }) {
  const t = useWords();
  const { mutate } = useChangeTicket(ticket.id);
  const { data: groups = [] } = useGroups();
  const change = (changes: TicketChanges) => mutate(changes, { onError: tellFailed });
  return (
    <Stack gap="sm" mb="md">
      <Select
        size="xs"
        label={t("ticket.status")}
        data={STATUSES.map((value) => ({ value, label: t(`status.${ticketStatus(value)}`) }))}
        allowDeselect={false}
        value={ticket.status}
        onChange={(status) => status && change({ status: status as Ticket["status"] })}
      />
      <Select
        size="xs"
        label={t("ticket.priority")}
        data={PRIORITIES.map((value) => ({ value, label: `${value} · ${t(`priority.${value}`)}` }))}
        allowDeselect={false}
        value={ticket.priority}
        onChange={(priority) => priority && change({ priority: priority as Ticket["priority"] })}
      />
      <PersonPicker
        size="xs"
        label={t("ticket.assignee")}
        placeholder={t("ticket.nobody")}
        value={ticket.assignee}
        onChange={(assignee) => change({ assignee })}
      />
      <Select
        size="xs"
        label={t("ticket.group")}
        placeholder={t("ticket.noGroup")}
        data={groups.map((group) => ({ value: group.id, label: group.name }))}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("people.clear") }}
        value={ticket.group}
        onChange={(group) => change({ group })}
      />
    </Stack>
  );
}
