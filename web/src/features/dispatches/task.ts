/** How a person stands to a message, in the order they are shown in. */
export const TASKS = ["done", "in_progress", "accepted", "open", "declined", "failed", "cancelled"] as const;
export type TaskState = (typeof TASKS)[number];

/** The states that somebody is in, with how many. */
export function statesOf(tasks: Partial<Record<TaskState, number>>): { state: TaskState; count: number }[] {
  return TASKS.map((state) => ({ state, count: tasks[state] ?? 0 })).filter(({ count }) => count > 0);
}
