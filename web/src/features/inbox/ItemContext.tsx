import { Spoiler, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { InboxItemInFull } from "~/shared/api/answers";
import { Facts } from "~/shared/look/Facts";
import { Priority } from "~/shared/look/Priority";
import { When } from "~/shared/look/When";
import { ticketQuery } from "~/shared/tickets/ticket";
import { useWords } from "~/shared/words";
import { given } from "~/shared/workflow/given";
import { runQuery, stepsOf } from "~/shared/workflow/instances";
import css from "./inbox.module.css";

/** What a message says of itself in plain values. */
function plain(attributes: Record<string, unknown> = {}): [string, string][] {
  return Object.entries(attributes)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .map(([name, value]) => [name, String(value)]);
}

/** What one has to know to do it: the ticket, in its requester's words, and what others have filled in before. */
export function ItemContext({ item }: { item: InboxItemInFull }) {
  const t = useWords();
  const ticket = useQuery({ ...ticketQuery(item.ticket?.id ?? ""), enabled: !!item.ticket }).data;
  const run = useQuery(runQuery(item.run.id)).data;
  const before = run ? stepsOf(run).filter((step) => step.form_data && step.step_id !== item.step_id) : [];
  return (
    <div className={css.context}>
      {item.summary && (
        <div>
          {item.summary_title && <Text fw={600}>{item.summary_title}</Text>}
          <Text className={css.words}>{item.summary}</Text>
        </div>
      )}
      {ticket?.description && (
        <Spoiler maxHeight={120} showLabel={t("item.more")} hideLabel={t("item.less")}>
          <Text className={css.words}>{ticket.description}</Text>
        </Spoiler>
      )}
      <Facts
        rows={[
          [
            t("item.ticket"),
            item.ticket && (
              <Link to="/tickets/$ticketId" params={{ ticketId: item.ticket.id }} className={css.link}>
                {item.ticket.number} {item.ticket.title}
              </Link>
            ),
          ],
          [t("ticket.requester"), ticket?.requester_name],
          [t("ticket.priority"), item.ticket?.priority && <Priority of={item.ticket.priority} />],
          [
            t("item.workflow"),
            <Link key="run" to="/runs/$runId" params={{ runId: item.run.id }} className={css.link}>
              {item.run.template_name}
            </Link>,
          ],
          ...plain(item.attributes),
          [t("item.since"), item.opened_at && <When at={item.opened_at} />],
        ]}
      />
      {before.map((step) => (
        <section key={step.id}>
          <Text fw={600} size="sm" mb={4}>
            {step.name}
          </Text>
          <Facts rows={given(step)} />
        </section>
      ))}
    </div>
  );
}
