import { IconArrowsSplit } from "@tabler/icons-react";
import { isObject } from "../definition/shapes";
import { wordsOf } from "../words/words";
import type { Kind } from "./kinds";

export const kind: Kind = {
  type: "condition",
  icon: IconArrowsSplit,
  hue: 36,
  starter: { branches: [{ label: "yes", when: { "ticket.priority": "P1" } }] },
  outcomes: ({ branches }) => [
    ...(Array.isArray(branches) ? branches : []).filter(isObject).map(({ label }) => String(label ?? "")),
    "otherwise",
  ],
  ways: { list: "branches", rest: "otherwise" },
  summary: ({ branches }) => (Array.isArray(branches) ? wordsOf("summary.branches", { count: branches.length }) : null),
};
