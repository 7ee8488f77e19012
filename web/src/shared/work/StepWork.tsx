import { Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { StepInstance } from "~/shared/api/answers";
import { Waiting } from "~/shared/look/Waiting";
import { useWords } from "~/shared/words";
import { ApprovalWork } from "./ApprovalWork";
import { RoutingWork } from "./RoutingWork";

// Its fields are the heaviest part of the app, and who only decides needs none of them.
const FormWork = lazy(() => import("./FormWork"));

interface Props {
  itemId: string;
  step: StepInstance;
  onDone: () => void;
}

/** What a step asks of the person looking at it; the same in the inbox and on a ticket. */
export function StepWork({ itemId, step, onDone }: Props) {
  const t = useWords();
  if (step.type === "approval") return <ApprovalWork key={itemId} itemId={itemId} step={step} onDone={onDone} />;
  if (step.options) return <RoutingWork key={itemId} itemId={itemId} options={step.options} onDone={onDone} />;
  if (step.fields) {
    return (
      <Suspense fallback={<Waiting rows={3} />}>
        <FormWork key={itemId} itemId={itemId} fields={step.fields} onDone={onDone} />
      </Suspense>
    );
  }
  return <Text c="dimmed">{t("work.unknown")}</Text>;
}
