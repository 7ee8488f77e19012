import { connectionsFrom, endsOf, targetOf } from "./connections";
import { isFailing, mainOutcome, outcomesOf } from "./outcomes";
import { type Definition, type Step, startOf, stepsOf } from "./shapes";

/** A line of the outline: a step, a way back to one that has its line elsewhere, or an outcome that ends here. */
export interface Line {
  key: string;
  kind: "step" | "reference" | "end";
  level: number;
  /** The step of the line; of an end, the step that ends. */
  id: string;
  /** The outcome that leads here; null on a straight way and at the start. */
  via: string | null;
  /** The step and outcome before it. */
  from: { from: string; outcome: string } | null;
}

/** The process as lines to read from top to bottom: a straight way on one level, each way of a fork one deeper. Steps
 * that nothing leads to come last, from `loose` on. */
export function outlineOf(definition: Definition): { lines: Line[]; loose: number } {
  const steps = new Map(stepsOf(definition).map((step) => [step.id, step]));
  const lines: Line[] = [];
  const seen = new Set<string>();
  const start = startOf(definition);
  if (start !== null && steps.has(start)) walk(steps, start, seen, lines);
  const loose = lines.length;
  for (const id of steps.keys()) if (!seen.has(id)) walk(steps, id, seen, lines);
  return { lines, loose };
}

interface Todo {
  id: string;
  level: number;
  via: string | null;
  from: Line["from"];
  kind: "go" | "end";
}

function walk(steps: Map<string, Step>, first: string, seen: Set<string>, lines: Line[]): void {
  const todo: Todo[] = [{ id: first, level: 1, via: null, from: null, kind: "go" }];
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { id, level, via, from } = next;
    const key = from ? `${from.from}/${from.outcome}` : `/${id}`;
    if (next.kind === "end" || seen.has(id) || !steps.has(id)) {
      lines.push({ key, kind: next.kind === "end" ? "end" : "reference", level, id, via, from });
      continue;
    }
    seen.add(id);
    lines.push({ key, kind: "step", level, id, via, from });
    todo.push(...onward(steps.get(id) as Step, level).reverse());
  }
}

/** What follows a step. A fork's ways stand one level deeper, the ends among them too, so that they can be gone on from;
 * a failure that leads nowhere is not worth a line. */
function onward(step: Step, level: number): Todo[] {
  if (Array.isArray(step.next)) {
    return connectionsFrom(step).map(({ outcome, to }) => way(step, outcome, to, level + 1, outcome));
  }
  const open = outcomesOf(step).filter((outcome) => targetOf(step, outcome) !== null || !isFailing(step, outcome));
  const straight = open.length === 1 && open[0] === mainOutcome(step);
  return open.map((outcome) => {
    const to = targetOf(step, outcome);
    return way(step, outcome, to, straight ? level : level + 1, straight ? null : outcome);
  });
}

function way(step: Step, outcome: string, to: string | null, level: number, via: string | null): Todo {
  const from = { from: step.id, outcome };
  return to === null ? { id: step.id, level, via, from, kind: "end" } : { id: to, level, via, from, kind: "go" };
}

/** Where the next step goes when nobody says where: after this step, at its first end, else on its usual way. */
export function growingPoint(definition: Definition, id: string | null): { from: string; outcome: string } | null {
  const steps = stepsOf(definition);
  const step = id === null ? lastOnTheWay(definition) : steps.find((found) => found.id === id);
  if (!step) return null;
  const main = mainOutcome(step);
  const ends = endsOf(step).filter((outcome) => !isFailing(step, outcome));
  return { from: step.id, outcome: ends.includes(main) || ends.length === 0 ? main : (ends[0] as string) };
}

function lastOnTheWay(definition: Definition): Step | undefined {
  const steps = new Map(stepsOf(definition).map((step) => [step.id, step]));
  const seen = new Set<string>();
  let step = steps.get(startOf(definition) ?? "");
  while (step && !seen.has(step.id)) {
    seen.add(step.id);
    const next = steps.get(targetOf(step, mainOutcome(step)) ?? "");
    if (!next || seen.has(next.id)) return step;
    step = next;
  }
  return step;
}
