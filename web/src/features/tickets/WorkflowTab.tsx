import { Stack } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Empty } from "~/shared/look/Empty";
import { Failure } from "~/shared/look/Failure";
import { Waiting } from "~/shared/look/Waiting";
import { readsTemplates, useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { runsOfTicketQuery } from "~/shared/workflow/instances";
import { RunView } from "~/shared/workflow/RunView";
import { StartRun } from "./StartRun";

/** The ticket's runs with every step, and the work they wait for to be done right there. */
export function WorkflowTab({ ticketId }: { ticketId: string }) {
  const t = useWords();
  const me = useMe();
  const { data: runs, error, refetch } = useQuery(runsOfTicketQuery(ticketId));
  if (!runs) return error ? <Failure error={error} retry={() => void refetch()} /> : <Waiting rows={5} />;
  const mayStart = readsTemplates(me);
  if (runs.length === 0) {
    return (
      <Empty
        icon={IconRoute}
        title={t("workflow.none")}
        text={mayStart ? t("workflow.noneStart") : t("workflow.noneText")}
      >
        {mayStart && <StartRun ticketId={ticketId} />}
      </Empty>
    );
  }
  return (
    <Stack>
      {runs.map((run) => (
        <RunView key={run.id} run={run} />
      ))}
      {mayStart && !runs.some((run) => run.status === "running" || run.status === "paused") && (
        <StartRun ticketId={ticketId} />
      )}
    </Stack>
  );
}
