import { kindOf } from "../step-types/kinds";
import { connectionsTo, targetOf, withTarget } from "./connections";
import { freeId, idsOf } from "./names";
import { mainOutcome } from "./outcomes";
import { changeStep, type Definition, type Layout, type Step, startOf, stepsOf, type Way, withSteps } from "./shapes";

/** A new step of a type, with an id that is free. */
export function newStep(definition: Definition, type: string, name?: string): Step {
  const { starter } = kindOf(type);
  const written = name ? { name } : {};
  return { id: freeId(idsOf(definition), name ?? type), type, ...written, ...structuredClone(starter) };
}

/** The step put in after an outcome: what the outcome led to, the step leads to. At an end it becomes the next one. */
export function insertAfter(definition: Definition, step: Step, { from, outcome }: Way): Definition {
  const before = stepsOf(definition).find(({ id }) => id === from);
  if (!before) return append(definition, step);
  const led = targetOf(before, outcome);
  const joined = led === null ? step : withTarget(step, mainOutcome(step), led);
  const connected = changeStep(definition, from, (found) => withTarget(found, outcome, step.id));
  const steps = stepsOf(connected);
  return withSteps(connected, steps.toSpliced(steps.findIndex(({ id }) => id === from) + 1, 0, joined));
}

/** The step put in before another: whatever led there leads to it, and it leads there. */
export function insertBefore(definition: Definition, step: Step, id: string): Definition {
  const joined = withTarget(step, mainOutcome(step), id);
  let changed = definition;
  for (const { from, outcome } of connectionsTo(definition, id)) {
    changed = changeStep(changed, from, (found) => withTarget(found, outcome, step.id));
  }
  const steps = stepsOf(changed);
  const at = steps.findIndex((found) => found.id === id);
  const inserted = withSteps(changed, steps.toSpliced(Math.max(at, 0), 0, joined));
  return definition.start === id ? { ...inserted, start: step.id } : inserted;
}

/** The step at the end of the list, connected to nothing. */
export function append(definition: Definition, step: Step): Definition {
  return withSteps(definition, [...stepsOf(definition), step]);
}

/** The process without the step: what led to it leads to where it usually went on. */
export function removeStep(definition: Definition, id: string): Definition {
  const step = stepsOf(definition).find((found) => found.id === id);
  if (!step) return definition;
  const led = targetOf(step, mainOutcome(step));
  const beyond = led === id ? null : led;
  let changed = definition;
  for (const { from, outcome } of connectionsTo(definition, id)) {
    if (from !== id) changed = changeStep(changed, from, (found) => withTarget(found, outcome, beyond));
  }
  const left = stepsOf(changed).filter((found) => found.id !== id);
  return withoutStart(withSteps(withoutPlace(changed, id), startFirst(definition, left, id, beyond)), id, beyond);
}

/** Where the first step of the list goes, the one it led to must come first, as a run starts from there. */
function startFirst(definition: Definition, left: Step[], id: string, beyond: string | null): Step[] {
  if (definition.start || startOf(definition) !== id || beyond === null) return left;
  const next = left.find((step) => step.id === beyond);
  return next ? [next, ...left.filter((step) => step !== next)] : left;
}

function withoutStart(definition: Definition, id: string, beyond: string | null): Definition {
  if (definition.start !== id) return definition;
  const { start: _, ...rest } = definition;
  return beyond === null ? rest : { ...rest, start: beyond };
}

function withoutPlace(definition: Definition, id: string): Definition {
  if (!definition.layout || !(id in definition.layout)) return definition;
  const { [id]: _, ...layout } = definition.layout;
  return { ...definition, layout };
}

/** The process without any of the steps. */
export function removeSteps(definition: Definition, ids: string[]): Definition {
  return ids.reduce(removeStep, definition);
}

/** The step so many places further down the list, or up; the first of the list is where a run starts. */
export function moveStep(definition: Definition, id: string, places: number): Definition {
  const steps = stepsOf(definition);
  const from = steps.findIndex((step) => step.id === id);
  const to = Math.min(Math.max(from + places, 0), steps.length - 1);
  const step = steps[from];
  if (!step || from === to) return definition;
  return withSteps(definition, steps.toSpliced(from, 1).toSpliced(to, 0, step));
}

/** Runs start from this step. */
export function startAt(definition: Definition, id: string): Definition {
  const { start: _, ...rest } = definition;
  return stepsOf(definition)[0]?.id === id ? rest : { ...rest, start: id };
}

/** The cards where they are now. */
export function placed(definition: Definition, positions: Layout): Definition {
  return { ...definition, layout: { ...definition.layout, ...positions } };
}

/** One property of a step, by its name; undefined takes it away. */
export function setProperty(definition: Definition, id: string, name: string, value: unknown): Definition {
  return changeStep(definition, id, (step) => {
    if (value !== undefined) return { ...step, [name]: value };
    const { [name]: _, ...rest } = step;
    return rest as Step;
  });
}
