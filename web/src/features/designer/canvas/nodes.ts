import type { Edge, Node } from "@xyflow/react";
import { connectionsFrom } from "../definition/connections";
import { type Definition, type Layout, type Step, stepsOf } from "../definition/shapes";

export type StepNode = Node<Record<string, never>, "step">;
export type WayEdge = Edge<{ outcome: string }, "way">;

const NOTHING = {};

/** The cards of the definition. Those that are as they were stay the same object, so that they are not drawn again. */
export function nodesOf(places: Layout, definition: Definition, chosen: string[], before: StepNode[]): StepNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  const isChosen = new Set(chosen);
  return stepsOf(definition).map(({ id }) => {
    const was = known.get(id);
    const position = places[id] ?? { x: 0, y: 0 };
    const selected = isChosen.has(id);
    if (!was) return { id, type: "step", position, selected, data: NOTHING };
    const stays = was.position.x === position.x && was.position.y === position.y;
    return stays && was.selected === selected ? was : { ...was, position, selected };
  });
}

const drawn = new WeakMap<Step, WayEdge[]>();

/** The connections of the definition, those to steps there are none of left out. */
export function edgesOf(definition: Definition): WayEdge[] {
  const steps = stepsOf(definition);
  const ids = new Set(steps.map(({ id }) => id));
  return steps.flatMap(edgesFrom).filter(({ target }) => ids.has(target));
}

function edgesFrom(step: Step): WayEdge[] {
  let edges = drawn.get(step);
  if (!edges) {
    edges = connectionsFrom(step).map(({ from, outcome, to }) => ({
      id: `${from}/${outcome}`,
      type: "way",
      source: from,
      sourceHandle: outcome,
      target: to,
      data: { outcome },
    }));
    drawn.set(step, edges);
  }
  return edges;
}
