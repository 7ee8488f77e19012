import type { ItemKind } from "~/shared/api/answers";

export const KINDS: ItemKind[] = ["form", "approval", "routing", "entry", "intervention"];

/** The inbox's filters, as the address has them. */
export interface InboxSearch {
  kind?: ItemKind;
  scope?: "mine" | "group";
  status?: "done";
  q?: string;
}

/** Reads the filters of an address, leaving out what is none. */
export function inboxSearch(given: Record<string, unknown>): InboxSearch {
  const found: InboxSearch = {};
  const kind = KINDS.find((k) => k === given.kind);
  if (kind) found.kind = kind;
  if (given.scope === "mine" || given.scope === "group") found.scope = given.scope;
  if (given.status === "done") found.status = "done";
  if (typeof given.q === "string" && given.q.trim()) found.q = given.q;
  return found;
}

/** Whether a filter leaves something out. */
export function isFiltered({ kind, scope, q }: InboxSearch): boolean {
  return !!(kind || scope || q);
}
