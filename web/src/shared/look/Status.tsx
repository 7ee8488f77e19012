import {
  IconAlertTriangle,
  IconArrowForwardUp,
  IconBan,
  IconCircle,
  IconCircleCheck,
  IconCircleDot,
  IconClockExclamation,
  IconClockPause,
  IconLock,
  IconPlayerPause,
  IconProgress,
  IconSparkles,
  type TablerIcon,
} from "@tabler/icons-react";
import { useWords } from "~/shared/words";
import css from "./look.module.css";
import type { Tone } from "./tone";

const LOOKS = {
  new: { icon: IconSparkles, tone: "info" },
  open: { icon: IconCircleDot, tone: "info" },
  in_progress: { icon: IconProgress, tone: "info" },
  on_hold: { icon: IconPlayerPause, tone: "warn" },
  waiting: { icon: IconClockPause, tone: "warn" },
  resolved: { icon: IconCircleCheck, tone: "good" },
  closed: { icon: IconLock, tone: "neutral" },
  cancelled: { icon: IconBan, tone: "neutral" },
  pending: { icon: IconCircle, tone: "neutral" },
  active: { icon: IconProgress, tone: "info" },
  running: { icon: IconProgress, tone: "info" },
  paused: { icon: IconPlayerPause, tone: "warn" },
  completed: { icon: IconCircleCheck, tone: "good" },
  skipped: { icon: IconArrowForwardUp, tone: "neutral" },
  timed_out: { icon: IconClockExclamation, tone: "bad" },
  failed: { icon: IconAlertTriangle, tone: "bad" },
} satisfies Record<string, { icon: TablerIcon; tone: Tone }>;

export type StatusWord = keyof typeof LOOKS;

/** The status as it is shown: a ticket that is pending waits for its requester. */
export function ticketStatus(status: string): StatusWord {
  return status === "pending" ? "waiting" : (status as StatusWord);
}

/** How something stands: an icon, a word and a colour, each of which says it alone. */
export function Status({ of, filled = false }: { of: StatusWord; filled?: boolean }) {
  const t = useWords();
  const { icon: Icon, tone } = LOOKS[of] ?? LOOKS.pending;
  return (
    <span className={filled ? `${css.status} ${css.label}` : css.status} data-tone={tone}>
      <Icon size={15} aria-hidden />
      {t(`status.${of}`)}
    </span>
  );
}
