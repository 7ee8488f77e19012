import { TASKS, type TaskState } from "./task";

/** The list's filter, as the address has it. */
export interface DispatchSearch {
  q?: string;
}

export function dispatchSearch(given: Record<string, unknown>): DispatchSearch {
  return typeof given.q === "string" && given.q.trim() ? { q: given.q } : {};
}

/** Under which name something was handed over to be sent on. */
export interface ComposeSearch {
  from?: string;
}

export function composeSearch(given: Record<string, unknown>): ComposeSearch {
  return typeof given.from === "string" && given.from ? { from: given.from } : {};
}

/** Which recipients a board shows. */
export interface BoardSearch {
  task?: TaskState;
  page?: number;
}

/** Reads a board's filter from an address, leaving out what is none. */
export function boardSearch(given: Record<string, unknown>): BoardSearch {
  const found: BoardSearch = {};
  const task = TASKS.find((state) => state === given.task);
  if (task) found.task = task;
  const page = Number(given.page);
  if (Number.isInteger(page) && page > 1) found.page = page;
  return found;
}
