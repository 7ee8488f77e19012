import { IconSquare, type TablerIcon } from "@tabler/icons-react";
import type { Step } from "../definition/shapes";
import type { Who } from "../definition/who";

/** What the designer knows of a step type beyond what the server's palette says. One file beside this one a type. */
export interface Kind {
  type: string;
  icon: TablerIcon;
  /** The colour of its icon, 0 to 360. */
  hue: number;
  /** The properties of a new step. */
  starter: Record<string, unknown>;
  outcomes(step: Step): string[];
  /** Outcomes that fail the run when they lead nowhere; `failed` always does. */
  failing?: string[];
  /** The property that lists its branches or options, each with `label` and `next`, and the one for none of them. */
  ways?: { list: string; rest?: string };
  /** Who has the work, as the card shows. */
  who?(step: Step): Who[];
  /** What the card says of it, in a few words; null: nothing yet. */
  summary(step: Step): string | null;
}

const found = import.meta.glob<{ kind: Kind }>(["./*.ts", "!./kinds.ts", "!./*.test.ts"], { eager: true });
const KINDS = new Map(Object.values(found).map(({ kind }) => [kind.type, kind]));

/** A type nobody drew yet is shown all the same. */
function plain(type: string): Kind {
  return { type, icon: IconSquare, hue: 220, starter: {}, outcomes: () => ["completed"], summary: () => null };
}

/** What is known of a type. */
export function kindOf(type: string): Kind {
  return KINDS.get(type) ?? plain(type);
}
