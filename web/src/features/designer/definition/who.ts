import { isObject } from "./shapes";

/** A who-expression as written. */
export interface Who {
  user?: string;
  group?: string;
  role?: string;
  requester?: true;
  assignee?: true;
  owner?: true;
  manager_of?: string;
  field?: string;
  query?: string;
  strategy?: string;
}

/** The ways to say who, by the property that says it. */
export const WAYS = [
  "group",
  "user",
  "lead",
  "role",
  "requester",
  "assignee",
  "owner",
  "manager_of",
  "field",
  "query",
] as const;
export type WayToSay = (typeof WAYS)[number];

/** How an expression says it; null when it says nothing. */
export function wayOf(who: Who): WayToSay | null {
  if (who.role === "lead" && who.group !== undefined) return "lead";
  return WAYS.find((way) => way !== "lead" && who[way] !== undefined && who[way] !== null) ?? null;
}

/** An expression that says it this way; what else it says is kept. */
export function saidAs(way: WayToSay, value: string, strategy?: string): Who {
  const more = strategy ? { strategy } : {};
  if (way === "lead") return { role: "lead", group: value, ...more };
  if (way === "requester" || way === "assignee" || way === "owner") return { [way]: true, ...more };
  return { [way]: value, ...more };
}

/** The word or id it gives; empty where there is none to give. */
export function wordIn(who: Who): string {
  const way = wayOf(who);
  if (way === null || way === "requester" || way === "assignee" || way === "owner") return "";
  return String((way === "lead" ? who.group : who[way]) ?? "");
}

/** One or several as a list. */
export function whosIn(value: unknown): Who[] {
  if (Array.isArray(value)) return value.filter(isObject) as Who[];
  return isObject(value) ? [value as Who] : [];
}
