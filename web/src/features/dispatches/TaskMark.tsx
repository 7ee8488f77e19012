import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconProgress,
  IconThumbUp,
  type TablerIcon,
} from "@tabler/icons-react";
import css from "./dispatches.module.css";
import type { TaskState } from "./task";
import { useMessageWords } from "./words/words";

const ICONS: Record<TaskState, TablerIcon> = {
  open: IconCircleDashed,
  accepted: IconThumbUp,
  declined: IconCircleX,
  in_progress: IconProgress,
  done: IconCircleCheck,
  failed: IconAlertTriangle,
  cancelled: IconBan,
};

/** How somebody stands to a message: an icon, a word and a colour. */
export function TaskMark({ of, count }: { of: TaskState; count?: number }) {
  const t = useMessageWords();
  const Icon = ICONS[of] ?? ICONS.open;
  return (
    <span className={css.task} data-task={of}>
      <Icon size={15} aria-hidden />
      {count !== undefined && <b>{count.toLocaleString("en")}</b>}
      {t(`task.${of}`)}
    </span>
  );
}
