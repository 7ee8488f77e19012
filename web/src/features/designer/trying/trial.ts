import type { Simulation } from "../api/simulation";

/** The answers a trial has been given, in the order in which they were asked for. */
export interface Answer {
  stepId: string;
  kind: "answer" | "outcome";
  value: unknown;
}

/** The answers as a simulation takes them: by step, one for each time it asks. */
export function asAsked(given: Answer[]): { answers: Record<string, unknown[]>; outcomes: Record<string, string[]> } {
  const answers: Record<string, unknown[]> = {};
  const outcomes: Record<string, string[]> = {};
  for (const { stepId, kind, value } of given) {
    if (kind === "answer") answers[stepId] = [...(answers[stepId] ?? []), value];
    else outcomes[stepId] = [...(outcomes[stepId] ?? []), String(value)];
  }
  return { answers, outcomes };
}

/** What of the canvas is lit after so many steps of the way: `ways` are `from/outcome`. */
export function litAt({ path, waiting_at }: Simulation, count: number) {
  const gone = path.slice(0, count);
  const next = path[count]?.step_id ?? waiting_at?.step_id ?? null;
  const steps = new Set(gone.map(({ step_id }) => step_id));
  if (next) steps.add(next);
  return {
    steps,
    ways: new Set(gone.map(({ step_id, outcome }) => `${step_id}/${outcome}`)),
    at: next ?? gone.at(-1)?.step_id ?? null,
  };
}
