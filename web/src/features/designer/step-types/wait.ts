import { IconClock } from "@tabler/icons-react";
import { isObject } from "../definition/shapes";
import { wordsOf } from "../words/words";
import type { Kind } from "./kinds";

export const kind: Kind = {
  type: "wait",
  icon: IconClock,
  hue: 330,
  starter: { for: { hours: 24 } },
  outcomes: ({ for: wanted }) => {
    if (!isObject(wanted)) return ["elapsed"];
    if (wanted.signal || wanted.callback) return ["received"];
    const isInstant = typeof wanted.until !== "string" || /^\d{4}-\d\d-\d\dT/.test(wanted.until);
    return isInstant ? ["elapsed"] : ["elapsed", "failed"];
  },
  summary: ({ for: wanted }) => {
    if (!isObject(wanted)) return null;
    if (wanted.hours != null) return wordsOf("summary.hours", { n: wanted.hours });
    if (wanted.business_hours != null) return wordsOf("summary.businessHours", { n: wanted.business_hours });
    if (wanted.until != null) return wordsOf("summary.until", { when: wanted.until });
    if (wanted.signal != null) return wordsOf("summary.signal", { name: wanted.signal });
    return wanted.callback ? wordsOf("summary.callback") : null;
  },
};
