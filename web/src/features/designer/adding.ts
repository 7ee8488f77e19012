import { duplicated } from "./definition/copying";
import { append, insertAfter, insertBefore, newStep, removeSteps } from "./definition/edits";
import { growingPoint } from "./definition/outline";
import { titleOf } from "./definition/shapes";
import { type Designer, type DesignerStore, type Spot, stepById } from "./store";

/** Where a step goes that is added without saying where: after the chosen one, else at the end of the usual way. */
export function usualSpot({ history, chosen }: Designer): Spot {
  const after = growingPoint(history.present, chosen.at(-1) ?? null);
  return after ? { after } : { first: true };
}

/** Adds a step of a type at a spot, and chooses it. */
export function addStep(store: DesignerStore, type: string, name: string, spot: Spot): string {
  const { history, change, choose } = store.getState();
  const step = newStep(history.present, type, name);
  change((definition) => {
    if ("after" in spot) return insertAfter(definition, step, spot.after);
    if ("before" in spot) return insertBefore(definition, step, spot.before);
    return append(definition, step);
  });
  choose([step.id]);
  return step.id;
}

/** Removes the chosen steps, and chooses what stood before them. */
export function removeChosen(store: DesignerStore): void {
  const { history, chosen, change, choose } = store.getState();
  if (chosen.length === 0) return;
  const steps = history.present.steps ?? [];
  const at = steps.findIndex(({ id }) => id === chosen[0]);
  change((definition) => removeSteps(definition, chosen));
  const left = store.getState().history.present.steps ?? [];
  const beside = left[Math.max(at - 1, 0)];
  choose(beside ? [beside.id] : []);
}

/** A copy of the chosen step after it. */
export function duplicateChosen(store: DesignerStore): void {
  const { history, chosen, change, choose } = store.getState();
  const [id] = chosen;
  if (!id) return;
  const copy = duplicated(history.present, id);
  change(() => copy.definition);
  choose(copy.ids);
}

/** What a spot is called when asked what to add there. */
export function spotNames(designer: Designer, spot: Spot): { name: string; outcome: string } | null {
  const id = "after" in spot ? spot.after.from : "before" in spot ? spot.before : null;
  const step = id === null ? undefined : stepById(designer.history.present, id);
  return step ? { name: titleOf(step), outcome: "after" in spot ? spot.after.outcome : "" } : null;
}
