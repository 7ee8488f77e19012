export const STATUSES = [
  "new",
  "open",
  "in_progress",
  "pending",
  "on_hold",
  "resolved",
  "closed",
  "cancelled",
] as const;
export const UNDER_WAY = "new,open,in_progress,pending,on_hold";
export const SORTS = ["created_at", "updated_at", "priority", "number", "title", "status"] as const;
export type Sort = (typeof SORTS)[number];

const TEXTS = ["status", "priority", "type", "assignee", "requester", "group", "q"] as const;

/** The ticket list's filters and order, as the address has them. Several values of one filter stand between commas. */
export type TicketSearch = Partial<Record<(typeof TEXTS)[number], string>> & { sort?: Sort; order?: "asc" };

/** Reads the filters of an address, leaving out what is none. */
export function ticketSearch(given: Record<string, unknown>): TicketSearch {
  const found: TicketSearch = {};
  for (const name of TEXTS) {
    const value = given[name];
    if (typeof value === "string" && value.trim()) found[name] = value;
  }
  const sort = SORTS.find((s) => s === given.sort);
  if (sort && sort !== "created_at") found.sort = sort;
  if (given.order === "asc") found.order = "asc";
  return found;
}

/** Whether a filter leaves something out. */
export function isFiltered({ sort: _, order: __, ...filters }: TicketSearch): boolean {
  return Object.keys(filters).length > 0;
}

/** A list between commas with a value put in, or taken out when it is there. */
export function toggled(list: string | undefined, value: string): string | undefined {
  const values = list ? list.split(",") : [];
  const next = values.includes(value) ? values.filter((v) => v !== value) : [...values, value];
  return next.length > 0 ? next.join(",") : undefined;
}

/** Sorted by this next: the other way round when it is the order already, else as one most likely wants it. */
export function sortedBy(search: TicketSearch, sort: Sort): TicketSearch {
  const { order, sort: before = "created_at", ...rest } = search;
  const ascending = before === sort ? order !== "asc" : sort === "title" || sort === "priority";
  return { ...rest, ...(sort === "created_at" ? {} : { sort }), ...(ascending ? { order: "asc" } : {}) };
}

export const TABS = ["conversation", "workflow", "history"] as const;
export type Tab = (typeof TABS)[number];

/** Reads which tab of a ticket an address means; none is the first. */
export function ticketTab(given: Record<string, unknown>): { tab?: Tab } {
  const tab = TABS.find((name) => name === given.tab);
  return tab && tab !== "conversation" ? { tab } : {};
}
