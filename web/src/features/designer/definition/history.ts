/** What is now, and what it was before and would be again. `merged` names the last change, as long as it goes on. */
export interface History<T> {
  past: T[];
  present: T;
  future: T[];
  merged: string | null;
}

const LONGEST = 200;

/** A history that begins. */
export function begun<T>(present: T): History<T> {
  return { past: [], present, future: [], merged: null };
}

/** A change. Changes in a row of the same name are one: a word typed is undone as a word. */
export function changed<T>(history: History<T>, present: T, name: string | null = null): History<T> {
  if (present === history.present) return history;
  if (name !== null && name === history.merged) return { ...history, present, future: [] };
  return { past: [...history.past, history.present].slice(-LONGEST), present, future: [], merged: name };
}

/** The next change is one of its own, whatever its name. */
export function settled<T>(history: History<T>): History<T> {
  return history.merged === null ? history : { ...history, merged: null };
}

/** One change taken back; the same when there is none. */
export function undone<T>(history: History<T>): History<T> {
  const present = history.past.at(-1);
  if (present === undefined) return history;
  return { past: history.past.slice(0, -1), present, future: [history.present, ...history.future], merged: null };
}

/** One change made again; the same when there is none. */
export function redone<T>(history: History<T>): History<T> {
  const [present, ...future] = history.future;
  if (present === undefined) return history;
  return { past: [...history.past, history.present], present, future, merged: null };
}
