import { isEqual } from "./equal";
import { type Definition, type Json, type Step, stepsOf } from "./shapes";

export interface Merged {
  definition: Definition;
  /** What both have changed, each in their own way: steps by id, else names of properties. Mine was taken. */
  conflicts: string[];
}

/** Two people's changes to the same definition, put together step by step and property by property. */
export function merged(base: Definition, mine: Definition, theirs: Definition): Merged {
  const conflicts: string[] = [];
  const pick = (name: string, was: unknown, my: unknown, their: unknown) => {
    if (isEqual(my, their) || isEqual(their, was)) return my;
    if (isEqual(my, was)) return their;
    if (name !== "layout") conflicts.push(name);
    return my;
  };
  const head: Json = {};
  for (const name of namesOf(base, mine, theirs)) {
    if (name === "steps") continue;
    const value = pick(name, base[name], mine[name], theirs[name]);
    if (value !== undefined) head[name] = value;
  }
  const [was, my, their] = [base, mine, theirs].map((of) => new Map(stepsOf(of).map((step) => [step.id, step])));
  const steps: Step[] = [];
  for (const id of orderOf(base, mine, theirs)) {
    const step = pick(id, was?.get(id), my?.get(id), their?.get(id)) as Step | undefined;
    if (step) steps.push(step);
  }
  return { definition: { ...head, steps }, conflicts };
}

function namesOf(...all: Definition[]): string[] {
  return [...new Set(all.flatMap((definition) => Object.keys(definition)))];
}

/** My order, with the steps I do not have after the one they follow in theirs. When mine is as it was, theirs. */
function orderOf(base: Definition, mine: Definition, theirs: Definition): string[] {
  const [was, my, their] = [base, mine, theirs].map((of) => stepsOf(of).map(({ id }) => id)) as [
    string[],
    string[],
    string[],
  ];
  const [first, second] = isEqual(was, my) ? [their, my] : [my, their];
  const order = [...first];
  second.forEach((id, index) => {
    if (order.includes(id)) return;
    const before = second.slice(0, index).findLast((other) => order.includes(other));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, id);
  });
  return order;
}
