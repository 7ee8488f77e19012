/** A template as it is written: whatever is in it, kept as it is, whether or not it is right. */
export interface Definition {
  name?: string;
  description?: string | null;
  kind?: string;
  start?: string | null;
  layout?: Layout | null;
  steps?: Step[];
  [property: string]: unknown;
}

export interface Step {
  id: string;
  type: string;
  name?: string | null;
  next?: string | Record<string, string> | string[] | null;
  [property: string]: unknown;
}

export interface Position {
  x: number;
  y: number;
}
/** Where the cards of the canvas are, by step id. */
export type Layout = Record<string, Position>;

/** A way on: the outcome of a step, and the step it leads to. */
export interface Connection {
  from: string;
  outcome: string;
  to: string;
}

/** Where a way on begins. */
export interface Way {
  from: string;
  outcome: string;
}

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The steps that can be shown: those that are objects with an id and a type. */
export function stepsOf(definition: Definition): Step[] {
  const steps: unknown = definition.steps;
  if (!Array.isArray(steps)) return NONE;
  return steps.every(isStep) ? steps : steps.filter(isStep);
}
const NONE: Step[] = [];

function isStep(value: unknown): value is Step {
  return isObject(value) && typeof value.id === "string" && typeof value.type === "string";
}

/** Whether it is a process of steps: an inbox template is not, nor is one whose steps are no list of steps. */
export function isDrawable(definition: Definition): boolean {
  if (definition.kind === "inbox") return false;
  const { steps } = definition;
  if (steps === undefined || steps === null) return true;
  return Array.isArray(steps) && steps.every(isStep) && new Set(steps.map((s) => s.id)).size === steps.length;
}

/** What a step is called. */
export function titleOf(step: Step): string {
  return typeof step.name === "string" && step.name.trim() ? step.name : step.id;
}

/** Where a run starts, or null without steps. */
export function startOf(definition: Definition): string | null {
  return definition.start ?? stepsOf(definition)[0]?.id ?? null;
}

/** The definition with other steps. */
export function withSteps(definition: Definition, steps: Step[]): Definition {
  return { ...definition, steps };
}

/** The definition with one step changed; the same when there is none of that id. */
export function changeStep(definition: Definition, id: string, change: (step: Step) => Step): Definition {
  const steps = stepsOf(definition);
  const at = steps.findIndex((step) => step.id === id);
  const step = steps[at];
  if (!step) return definition;
  const changed = change(step);
  return changed === step ? definition : withSteps(definition, steps.with(at, changed));
}
