import { Button } from "@mantine/core";
import type { HistoryEvent } from "~/shared/api/answers";
import { Failure } from "~/shared/look/Failure";
import { Waiting } from "~/shared/look/Waiting";
import { When } from "~/shared/look/When";
import { useGroups, useNames } from "~/shared/people/people";
import { useWords } from "~/shared/words";
import { idsIn, withNames } from "./called";
import { useHistory } from "./tickets";
import css from "./tickets.module.css";

/** Reads texts with the names of the people and groups whose ids stand in them. */
function useNamesFor(events: HistoryEvent[]): (text: string) => string {
  const { data: groups = [] } = useGroups();
  const ids = idsIn(events.map((event) => event.detail));
  const ofGroups = new Map(groups.map((group) => [group.id, group.name]));
  const people = ids.filter((id) => !ofGroups.has(id));
  const nameOf = useNames(people);
  const names = new Map([...ofGroups, ...people.map((id): [string, string] => [id, nameOf(id)])]);
  return (text) => withNames(text, names);
}

/** What has happened to the ticket and in its workflows, newest first. */
export function History({ ticketId }: { ticketId: string }) {
  const t = useWords();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage } = useHistory(ticketId);
  const told = useNamesFor(data ?? []);
  if (isPending) return <Waiting rows={5} height={36} />;
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  return (
    <>
      <ol className={css.history}>
        {data.map((event) => (
          <li key={`${event.run_id ?? ""}-${event.seq}-${event.event}`} data-run={event.run_id ? true : undefined}>
            <span>{told(event.detail) || event.event.replaceAll("_", " ")}</span>
            <When at={event.at} className={css.soft} />
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => void fetchNextPage()}>
          {t("ticket.moreHistory")}
        </Button>
      )}
    </>
  );
}
