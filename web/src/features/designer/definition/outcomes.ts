import { kindOf } from "../step-types/kinds";
import { isObject, type Json, type Step } from "./shapes";

const FAILED = "failed";

/** Every outcome the step can end with, in the order in which they are shown. */
export function outcomesOf(step: Step): string[] {
  const outcomes = [...kindOf(step.type).outcomes(step)];
  const late = isObject(step.on_timeout) && step.timeout_hours != null ? step.on_timeout.then : null;
  if (late === "proceed") outcomes.push("timed_out");
  if (late === "fail") outcomes.push(FAILED);
  if (isObject(step.next)) outcomes.push(...Object.keys(step.next).filter((name) => name !== "default"));
  return [...new Set(outcomes)];
}

/** Whether a run fails when this outcome leads nowhere. */
export function isFailing(step: Step, outcome: string): boolean {
  return outcome === FAILED || (kindOf(step.type).failing ?? []).includes(outcome);
}

/** The outcome by which a process usually goes on. */
export function mainOutcome(step: Step): string {
  const outcomes = outcomesOf(step);
  return outcomes.find((outcome) => !isFailing(step, outcome)) ?? outcomes[0] ?? "default";
}

interface OwnWay {
  key: string;
  index: number | null;
}

/** Where the step itself keeps the target of an outcome, beside `next`: at a branch or an option. */
export function ownWay(step: Step, outcome: string): OwnWay | null {
  const { ways } = kindOf(step.type);
  if (!ways) return null;
  if (outcome === ways.rest) return { key: ways.rest, index: null };
  const list = step[ways.list];
  const index = Array.isArray(list) ? list.findIndex((way) => isObject(way) && way.label === outcome) : -1;
  return index < 0 ? null : { key: ways.list, index };
}

/** Where the outcome leads by the step's own branch or option; null when that says nothing. */
export function ownTarget(step: Step, outcome: string): string | null {
  const way = ownWay(step, outcome);
  if (!way) return null;
  const target = way.index === null ? step[way.key] : (step[way.key] as Json[])[way.index]?.next;
  return typeof target === "string" ? target : null;
}
