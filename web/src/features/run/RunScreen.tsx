import { Container } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Failure } from "~/shared/look/Failure";
import { useDocumentTitle } from "~/shared/look/PageHead";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { runQuery } from "~/shared/workflow/instances";
import { RunView } from "~/shared/workflow/RunView";
import css from "./run.module.css";

/** A run on its own, as mails and notices about runs without a ticket lead to it. */
export function RunScreen() {
  const t = useWords();
  const { runId } = useParams({ from: "/signed-in/runs/$runId" });
  const { data: run, error, refetch } = useQuery(runQuery(runId));
  useDocumentTitle(run?.template_name ?? t("workflow.title"));
  return (
    <Container size="md" p={0}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!run && !error && <Waiting rows={6} />}
      {run?.ticket_id && (
        <Link to="/tickets/$ticketId" params={{ ticketId: run.ticket_id }} className={css.back}>
          {t("workflow.toTicket")}
        </Link>
      )}
      {run && <RunView run={run} headingLevel={1} />}
    </Container>
  );
}
