import { IconForms } from "@tabler/icons-react";
import { whosIn } from "../definition/who";
import { wordsOf } from "../words/words";
import type { Kind } from "./kinds";

export const kind: Kind = {
  type: "form",
  icon: IconForms,
  hue: 222,
  starter: { fields: [{ name: "answer", label: "Answer", type: "text", required: true }] },
  outcomes: () => ["submitted"],
  who: (step) => whosIn(step.assignee),
  summary: ({ fields }) => (Array.isArray(fields) ? wordsOf("summary.fields", { count: fields.length }) : null),
};
