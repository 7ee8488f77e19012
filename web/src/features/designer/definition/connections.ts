import { isFailing, outcomesOf, ownTarget, ownWay } from "./outcomes";
import {
  type Connection,
  changeStep,
  type Definition,
  isObject,
  type Json,
  type Step,
  stepsOf,
  type Way,
} from "./shapes";

/** Where the outcome leads, or null. A plain `next` is taken by every outcome but the failing ones. */
export function targetOf(step: Step, outcome: string): string | null {
  const own = ownTarget(step, outcome);
  if (own !== null) return own;
  const { next } = step;
  if (typeof next === "string") return isFailing(step, outcome) ? null : next;
  if (isObject(next)) return next[outcome] ?? next.default ?? null;
  return null;
}

/** Every way on of a step. */
export function connectionsFrom(step: Step): Connection[] {
  if (Array.isArray(step.next))
    return step.next.map((to, index) => ({ from: step.id, outcome: String(index + 1), to }));
  return outcomesOf(step).flatMap((outcome) => {
    const to = targetOf(step, outcome);
    return to === null ? [] : [{ from: step.id, outcome, to }];
  });
}

/** Every way on of the process, in the order of its steps. */
export function connectionsOf(definition: Definition): Connection[] {
  return stepsOf(definition).flatMap(connectionsFrom);
}

/** The connections that lead to a step. */
export function connectionsTo(definition: Definition, id: string): Connection[] {
  return connectionsOf(definition).filter(({ to }) => to === id);
}

/** The outcomes that lead nowhere and do not fail the run: where its branch ends, and where a process can grow. */
export function endsOf(step: Step): string[] {
  if (Array.isArray(step.next)) return [];
  return outcomesOf(step).filter((outcome) => targetOf(step, outcome) === null);
}

/** The step with this outcome leading to `to`; with null, nowhere. Other outcomes lead where they led. */
export function withTarget(step: Step, outcome: string, to: string | null): Step {
  if (targetOf(step, outcome) === to) return step;
  if (Array.isArray(step.next)) return withListedTarget(step, Number(outcome) - 1, to);
  const way = ownWay(step, outcome);
  if (way) {
    const loose = spelledOut(step);
    if (way.index === null) return withProperty(loose, way.key, to);
    const list = loose[way.key] as Json[];
    const changed = withProperty(list[way.index] as Json, "next", to);
    return { ...loose, [way.key]: list.with(way.index, changed) };
  }
  const targets = Object.fromEntries(
    outcomesOf(step)
      .filter((name) => ownTarget(step, name) === null)
      .map((name) => [name, name === outcome ? to : targetOf(step, name)] as const)
      .filter((pair): pair is readonly [string, string] => pair[1] !== null),
  );
  if (to !== null) targets[outcome] = to;
  return withNext(step, targets);
}

/** The step connected from one step's outcome. */
export function connect(definition: Definition, { from, outcome, to }: Connection): Definition {
  return changeStep(definition, from, (step) => withTarget(step, outcome, to));
}

/** The outcome leads nowhere any more. */
export function disconnect(definition: Definition, { from, outcome }: Way): Definition {
  return changeStep(definition, from, (step) => withTarget(step, outcome, null));
}

function withListedTarget(step: Step, index: number, to: string | null): Step {
  const list = [...(step.next as string[])];
  list.splice(index, 1, ...(to === null ? [] : [to]));
  return { ...step, next: list };
}

/** The step with its plain `next` or `default` written at each branch or option that goes by it. */
function spelledOut(step: Step): Step {
  if (step.next == null) return step;
  let spelled: Step = step;
  for (const outcome of outcomesOf(step)) {
    const way = ownWay(step, outcome);
    const to = targetOf(step, outcome);
    if (!way || to === null || ownTarget(step, outcome) !== null) continue;
    if (way.index === null) spelled = { ...spelled, [way.key]: to };
    else {
      const list = spelled[way.key] as Json[];
      spelled = { ...spelled, [way.key]: list.with(way.index, { ...list[way.index], next: to }) };
    }
  }
  const left = outcomesOf(step).filter((outcome) => !ownWay(step, outcome));
  const targets = Object.fromEntries(
    left.flatMap((name) => {
      const to = targetOf(step, name);
      return to === null ? [] : [[name, to]];
    }),
  );
  return withNext(spelled, targets);
}

/** `next` as short as it can be said: nothing, one word when all that do not fail go one way, else a map. */
function withNext(step: Step, targets: Record<string, string>): Step {
  const named = Object.keys(targets);
  if (named.length === 0) return withProperty(step, "next", null);
  const plain = outcomesOf(step).filter((outcome) => !isFailing(step, outcome) && !ownWay(step, outcome));
  const [first] = named;
  const isPlain = named.length === plain.length && plain.every((name) => targets[name] === targets[first as string]);
  return { ...step, next: isPlain ? (targets[first as string] as string) : targets };
}

function withProperty<T extends Json>(of: T, key: string, value: unknown): T {
  if (value !== null) return { ...of, [key]: value };
  const { [key]: _, ...rest } = of;
  return rest as T;
}
