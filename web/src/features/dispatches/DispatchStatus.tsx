import { IconAlertTriangle, IconBan, IconCircleCheck, IconProgress } from "@tabler/icons-react";
import { Label } from "~/shared/look/Label";
import type { Dispatch } from "./dispatches";
import { useMessageWords } from "./words/words";

const LOOKS = {
  active: { icon: IconProgress, tone: "info" },
  retired: { icon: IconCircleCheck, tone: "good" },
  cancelled: { icon: IconBan, tone: "neutral" },
  failed: { icon: IconAlertTriangle, tone: "bad" },
} as const;

/** Whether a message is under way, and if not how it has ended. */
export function DispatchStatus({ of: { status, run } }: { of: Pick<Dispatch, "status" | "run"> }) {
  const t = useMessageWords();
  const word = run.status === "cancelled" || run.status === "failed" ? run.status : status;
  const { icon: Icon, tone } = LOOKS[word];
  return (
    <Label tone={tone}>
      <Icon size={14} aria-hidden /> {t(`status.${word}`)}
    </Label>
  );
}
