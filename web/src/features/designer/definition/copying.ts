import { connectionsFrom, withTarget } from "./connections";
import { append, insertAfter } from "./edits";
import { freeId, idsOf } from "./names";
import { mainOutcome } from "./outcomes";
import { renameStep } from "./renaming";
import { type Definition, isObject, type Step, stepsOf, type Way } from "./shapes";

const FORMAT = "wayline/steps";

/** The steps as text for the clipboard: JSON that anybody can read. */
export function copied(definition: Definition, ids: string[]): string {
  const steps = stepsOf(definition).filter(({ id }) => ids.includes(id));
  return JSON.stringify({ format: FORMAT, steps }, null, 2);
}

/** The steps in a text from the clipboard; null when it is about something else. */
export function stepsIn(text: string): Step[] | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  const found = isObject(read) && read.format === FORMAT ? read.steps : null;
  if (!Array.isArray(found) || found.length === 0) return null;
  const isRight = found.every((step) => isObject(step) && typeof step.id === "string" && typeof step.type === "string");
  return isRight ? (found as Step[]) : null;
}

/** The steps put in under ids of their own, connected among themselves as they were and to nothing else; with `after`,
 * the first of them follows that outcome. Also tells the new ids. */
export function pasted(
  definition: Definition,
  steps: Step[],
  after: Way | null,
): { definition: Definition; ids: string[] } {
  const taken = idsOf(definition);
  let own: Definition = { steps: steps.map((step) => insideOnly(step, new Set(steps.map(({ id }) => id)))) };
  const ids: string[] = [];
  for (const { id } of steps) {
    const newId = freeId([...taken, ...ids, ...idsOf(own).filter((other) => other !== id)], id);
    own = renameStep(own, id, newId);
    ids.push(newId);
  }
  const [first, ...rest] = stepsOf(own);
  if (!first) return { definition, ids: [] };
  const changed =
    after && first.next == null ? insertAfter(definition, first, after) : follow(definition, first, after);
  return { definition: rest.reduce(append, changed), ids };
}

/** A copy of a step right after it. */
export function duplicated(definition: Definition, id: string): { definition: Definition; ids: string[] } {
  const step = stepsOf(definition).find((found) => found.id === id);
  if (!step) return { definition, ids: [] };
  return pasted(definition, [insideOnly(step, new Set())], { from: id, outcome: mainOutcome(step) });
}

function follow(definition: Definition, first: Step, after: Way | null): Definition {
  const added = append(definition, first);
  if (!after) return added;
  const steps = stepsOf(added).map((step) =>
    step.id === after.from ? withTarget(step, after.outcome, first.id) : step,
  );
  return { ...added, steps };
}

/** The step without the connections that lead out of the set. */
function insideOnly(step: Step, ids: Set<string>): Step {
  return connectionsFrom(step)
    .filter(({ to }) => !ids.has(to))
    .reduce((left, { outcome }) => withTarget(left, outcome, null), step);
}
