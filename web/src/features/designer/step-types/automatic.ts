import { IconBolt } from "@tabler/icons-react";
import { isObject } from "../definition/shapes";
import { wordsOf } from "../words/words";
import type { Kind } from "./kinds";

export const kind: Kind = {
  type: "automatic",
  icon: IconBolt,
  hue: 276,
  starter: { action: { type: "set_status", status: "in_progress" } },
  outcomes: () => ["succeeded", "failed"],
  summary: ({ action }) => {
    if (!isObject(action) || typeof action.type !== "string") return null;
    const about =
      action.status ??
      action.priority ??
      action.queue ??
      action.field ??
      action.subject ??
      action.title ??
      action.url ??
      action.script;
    const what = wordsOf(`action.${action.type}`, { defaultValue: action.type.replaceAll("_", " ") });
    return typeof about === "string" ? `${what}: ${about}` : what;
  },
};
