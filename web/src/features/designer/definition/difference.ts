import { isEqual } from "./equal";
import { type Definition, isObject, type Step, stepsOf, titleOf } from "./shapes";

/** One value that differs; undefined is not there. `path` as in `fields[0].label`. */
export interface Change {
  path: string;
  before: unknown;
  after: unknown;
}

export interface StepDifference {
  id: string;
  title: string;
  type: string;
  kind: "added" | "removed" | "changed";
  changes: Change[];
}

export interface Difference {
  head: Change[];
  steps: StepDifference[];
  /** Whether the steps both have stand in another order. */
  reordered: boolean;
}

/** What one definition has otherwise than another, the places on the canvas left out. */
export function differenceOf(before: Definition, after: Definition): Difference {
  const { steps: _a, layout: _b, ...headBefore } = before;
  const { steps: _c, layout: _d, ...headAfter } = after;
  const old = new Map(stepsOf(before).map((step) => [step.id, step]));
  const now = new Map(stepsOf(after).map((step) => [step.id, step]));
  const steps: StepDifference[] = [];
  for (const step of now.values()) {
    const was = old.get(step.id);
    const changes = was ? changesOf(was, step) : [];
    if (!was || changes.length > 0) steps.push(told(step, was ? "changed" : "added", changes));
  }
  for (const step of old.values()) if (!now.has(step.id)) steps.push(told(step, "removed", []));
  const both = (from: Map<string, Step>, of: Map<string, Step>) => [...from.keys()].filter((id) => of.has(id));
  return { head: changesOf(headBefore, headAfter), steps, reordered: !isEqual(both(old, now), both(now, old)) };
}

/** Whether nothing differs. */
export function isSame({ head, steps, reordered }: Difference): boolean {
  return head.length === 0 && steps.length === 0 && !reordered;
}

function told(step: Step, kind: StepDifference["kind"], changes: Change[]): StepDifference {
  return { id: step.id, title: titleOf(step), type: step.type, kind, changes };
}

/** The values that differ, each as near to the leaf as it can be told. */
export function changesOf(before: unknown, after: unknown, path = ""): Change[] {
  if (isEqual(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changesOf(before[name], after[name], path ? `${path}.${name}` : name));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const longest = Math.max(before.length, after.length);
    return Array.from({ length: longest }, (_, i) => changesOf(before[i], after[i], `${path}[${i}]`)).flat();
  }
  return [{ path, before, after }];
}
