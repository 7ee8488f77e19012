import { type Definition, isObject, type Step, stepsOf } from "./shapes";

/** The process with a step called otherwise, and everything that names it: connections, the start, its place on the
 * canvas, and `steps.<id>` in texts, conditions and expressions. */
export function renameStep(definition: Definition, id: string, newId: string): Definition {
  if (id === newId) return definition;
  const named = new RegExp(`\\bsteps\\.${escaped(id)}(?![A-Za-z0-9_-])`, "g");
  const inTexts = (value: unknown) => mapTexts(value, (text) => text.replace(named, `steps.${newId}`));
  const steps = stepsOf(definition).map((step) => {
    const { id: own, next, ...rest } = withTargets(step, id, newId);
    const renamed = { id: own === id ? newId : own, ...(inTexts(rest) as Omit<Step, "id">) } as Step;
    return next === undefined ? renamed : { ...renamed, next };
  });
  const changed: Definition = { ...definition, steps };
  if (definition.start === id) changed.start = newId;
  const place = definition.layout?.[id];
  if (place) {
    const { [id]: _, ...layout } = definition.layout ?? {};
    changed.layout = { ...layout, [newId]: place };
  }
  return changed;
}

function withTargets(step: Step, id: string, newId: string): Step {
  const to = (target: unknown) => (target === id ? newId : target);
  const changed: Step = { ...step };
  if (typeof step.next === "string") changed.next = to(step.next) as string;
  else if (Array.isArray(step.next)) changed.next = step.next.map(to) as string[];
  else if (isObject(step.next)) {
    changed.next = Object.fromEntries(
      Object.entries(step.next).map(([outcome, target]) => [outcome, to(target)]),
    ) as Record<string, string>;
  }
  if ("otherwise" in step) changed.otherwise = to(step.otherwise);
  for (const list of ["branches", "options"]) {
    const ways = step[list];
    if (Array.isArray(ways)) {
      changed[list] = ways.map((way) => (isObject(way) && way.next === id ? { ...way, next: newId } : way));
    }
  }
  return changed;
}

/** The value with every text in it, the names of properties too, as `change` has it. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [change(name), mapTexts(item, change)]));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\-]/g, "\\$&");
}
