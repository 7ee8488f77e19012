import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { StepInstance } from "~/shared/api/answers";
import { Refused } from "~/shared/api/refused";
import { Failure } from "~/shared/look/Failure";
import { tellDone } from "~/shared/look/told";
import { Waiting } from "~/shared/look/Waiting";
import { useMe } from "~/shared/session/me";
import { useWords } from "~/shared/words";
import { itemQuery } from "~/shared/work/completing";
import { StepWork } from "~/shared/work/StepWork";
import { Votes } from "~/shared/work/Votes";

/** The work a step waits for, when it is the reader's to do; else how far the others are with it. */
export function OpenStep({ itemId, step }: { itemId: string; step: StepInstance }) {
  const t = useWords();
  const me = useMe();
  const { data, error, isPending, refetch } = useQuery(itemQuery(itemId));
  if (isPending) return <Waiting rows={1} />;
  const isNotMine = error instanceof Refused && error.status === 404;
  if (isNotMine) return step.type === "approval" ? <Votes step={step} /> : null;
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  const holder = data.locked_by;
  if (holder && holder.id !== me.id) return <Alert color="gray">{t("item.takenBy", { name: holder.name })}</Alert>;
  return (
    <StepWork itemId={itemId} step={data.step ?? step} onDone={() => tellDone(t("work.done", { title: step.name }))} />
  );
}
