import { IconRoute } from "@tabler/icons-react";
import { isObject } from "../definition/shapes";
import { whosIn } from "../definition/who";
import { wordsOf } from "../words/words";
import type { Kind } from "./kinds";

export const kind: Kind = {
  type: "routing",
  icon: IconRoute,
  hue: 190,
  starter: {},
  outcomes: ({ options }) => {
    const labels = (Array.isArray(options) ? options : []).filter(isObject).map(({ label }) => String(label ?? ""));
    return labels.length > 0 ? labels : ["routed"];
  },
  ways: { list: "options" },
  who: ({ to, options, assignee }) => (Array.isArray(options) && options.length > 0 ? whosIn(assignee) : whosIn(to)),
  summary: ({ options }) =>
    Array.isArray(options) && options.length > 0
      ? wordsOf("summary.options", { count: options.length })
      : wordsOf("summary.handsOver"),
};
