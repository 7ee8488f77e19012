import { Button } from "@mantine/core";
import { Failure } from "~/shared/look/Failure";
import { Waiting } from "~/shared/look/Waiting";
import { When } from "~/shared/look/When";
import { useWords } from "~/shared/words";
import { useHistory } from "./tickets";
import css from "./tickets.module.css";

/** What has happened to the ticket and in its workflows, newest first. */
export function History({ ticketId }: { ticketId: string }) {
  const t = useWords();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage } = useHistory(ticketId);
  if (isPending) return <Waiting rows={5} height={36} />;
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  return (
    <>
      <ol className={css.history}>
        {data.map((event) => (
          <li key={`${event.run_id ?? ""}-${event.seq}-${event.event}`} data-run={event.run_id ? true : undefined}>
            <span>{event.detail || event.event.replaceAll("_", " ")}</span>
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
