import { IconThumbUp } from "@tabler/icons-react";
import { isObject } from "../definition/shapes";
import { whosIn } from "../definition/who";
import { wordsOf } from "../words/words";
import type { Kind } from "./kinds";

export const kind: Kind = {
  type: "approval",
  icon: IconThumbUp,
  hue: 152,
  starter: { approvers: [{ manager_of: "requester" }], rule: "all" },
  outcomes: () => ["approved", "rejected"],
  failing: ["rejected"],
  who: (step) => whosIn(step.approvers),
  summary: ({ rule, order }) => {
    const how = isObject(rule)
      ? wordsOf("at_least" in rule ? "summary.atLeast" : "summary.percent", { n: rule.at_least ?? rule.percent })
      : wordsOf(rule === "any" ? "summary.any" : rule === "majority" ? "summary.majority" : "summary.all");
    return order === "sequential" ? `${how}, ${wordsOf("summary.inTurn")}` : how;
  },
};
