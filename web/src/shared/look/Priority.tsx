import { IconChevronDown, IconChevronsUp, IconChevronUp, IconMinus } from "@tabler/icons-react";
import { useWords } from "~/shared/words";
import css from "./look.module.css";

const LOOKS = {
  P1: { icon: IconChevronsUp, tone: "bad" },
  P2: { icon: IconChevronUp, tone: "warn" },
  P3: { icon: IconMinus, tone: "neutral" },
  P4: { icon: IconChevronDown, tone: "neutral" },
} as const;

export const PRIORITIES = Object.keys(LOOKS) as (keyof typeof LOOKS)[];

/** How urgent a ticket is. */
export function Priority({ of }: { of: string }) {
  const t = useWords();
  const priority = of as keyof typeof LOOKS;
  const { icon: Icon, tone } = LOOKS[priority] ?? LOOKS.P3;
  return (
    <span className={css.status} data-tone={tone} title={t(`priority.${priority}`)}>
      <Icon size={15} aria-hidden />
      {of}
    </span>
  );
}
