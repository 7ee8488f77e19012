import { Button, Container, Group, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { getHotkeyHandler } from "@mantine/hooks";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Refused } from "~/shared/api/refused";
import { useDraft } from "~/shared/drafts/drafts";
import { Failure } from "~/shared/look/Failure";
import { PageHead } from "~/shared/look/PageHead";
import { PRIORITIES } from "~/shared/look/Priority";
import { useWords } from "~/shared/words";
import { issuesByField } from "~/shared/work/form-data";
import { type NewTicket, useOpenTicket } from "./tickets";
import css from "./tickets.module.css";

const TYPES: NewTicket["type"][] = ["incident", "service_request", "change", "problem", "task"];
const EMPTY: NewTicket = { type: "incident", title: "", description: "", priority: "P3", subtype: "" };

/** Opening a ticket. What is typed is kept in this browser until it has been opened. */
export function NewTicketScreen() {
  const t = useWords();
  const navigate = useNavigate();
  const draft = useDraft("new-ticket", EMPTY);
  const [key] = useState(() => crypto.randomUUID());
  const opening = useOpenTicket();
  const { type, title, description, priority, subtype } = draft.value;
  const change = (changes: Partial<NewTicket>) => draft.change({ ...draft.value, ...changes });
  const wrong = opening.error instanceof Refused ? issuesByField(opening.error.issues) : {};

  const submit = (event?: FormEvent | KeyboardEvent) => {
    event?.preventDefault();
    if (opening.isPending) return;
    const given = { type, title, priority, ...(description && { description }), ...(subtype && { subtype }) };
    opening.mutate(
      { key, ...given },
      {
        onSuccess: ({ data }) => {
          draft.forget();
          const search = data.workflow_instances.length > 0 ? { tab: "workflow" as const } : {};
          void navigate({ to: "/tickets/$ticketId", params: { ticketId: data.id }, search });
        },
      },
    );
  };
  return (
    <Container size="sm" p={0} mx={0}>
      <PageHead title={t("tickets.new")} />
      <form onSubmit={submit} onKeyDown={getHotkeyHandler([["mod+Enter", () => submit()]])} className={css.form}>
        <Stack>
          <TextInput
            label={t("ticket.title")}
            required
            autoFocus
            maxLength={500}
            error={wrong.title}
            value={title}
            onChange={(event) => change({ title: event.currentTarget.value })}
          />
          <Group grow align="start">
            <Select
              label={t("ticket.type")}
              data={TYPES.map((value) => ({ value, label: t(`type.${value}`) }))}
              allowDeselect={false}
              error={wrong.type}
              value={type}
              onChange={(value) => value && change({ type: value as NewTicket["type"] })}
            />
            <Select
              label={t("ticket.priority")}
              data={PRIORITIES.map((value) => ({ value, label: `${value} · ${t(`priority.${value}`)}` }))}
              allowDeselect={false}
              error={wrong.priority}
              value={priority}
              onChange={(value) => value && change({ priority: value as NewTicket["priority"] })}
            />
          </Group>
          <TextInput
            label={t("ticket.subtype")}
            description={t("ticket.subtypeHint")}
            error={wrong.subtype}
            value={subtype}
            onChange={(event) => change({ subtype: event.currentTarget.value })}
          />
          <Textarea
            label={t("ticket.description")}
            autosize
            minRows={5}
            error={wrong.description}
            value={description}
            onChange={(event) => change({ description: event.currentTarget.value })}
          />
          {opening.error && <Failure error={opening.error} title={t("tickets.notOpened")} />}
          <Group>
            <Button type="submit" loading={opening.isPending}>
              {t("tickets.open")}
            </Button>
            <Button variant="default" component={Link} to="/tickets">
              {t("tickets.cancel")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Container>
  );
}
