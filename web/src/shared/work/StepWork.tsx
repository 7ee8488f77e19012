import { Text } from "@mantine/core";
import type { StepInstance } from "~/shared/api/answers";
import { useWords } from "~/shared/words";
import { ApprovalWork } from "./ApprovalWork";
import { FormWork } from "./FormWork";
import { RoutingWork } from "./RoutingWork";

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
  if (step.fields) return <FormWork key={itemId} itemId={itemId} fields={step.fields} onDone={onDone} />;
  return <Text c="dimmed">{t("work.unknown")}</Text>;
}
