import { connectionsTo } from "../definition/connections";
import { type Definition, isObject, type Layout, type Position, stepsOf } from "../definition/shapes";
import { CARD_HEIGHT, CARD_WIDTH } from "./arrange";

const GAP = 72;

/** Where the cards are: as the definition has it, and for a step without a place, near the one before it. */
export function placesOf(definition: Definition, arranged: Layout | null): Layout {
  const places: Layout = {};
  for (const { id } of stepsOf(definition)) {
    const kept = definition.layout?.[id] ?? arranged?.[id];
    if (isPosition(kept)) places[id] = kept;
  }
  for (const { id } of stepsOf(definition)) places[id] ??= nearby(definition, id, places);
  return places;
}

/** Whether most cards have no place, so that all of them want one. */
export function wantsTidying(definition: Definition): boolean {
  const steps = stepsOf(definition);
  const placed = steps.filter(({ id }) => isPosition(definition.layout?.[id])).length;
  return steps.length > 0 && placed < steps.length / 2;
}

function nearby(definition: Definition, id: string, places: Layout): Position {
  const before = connectionsTo(definition, id)
    .map(({ from }) => places[from])
    .find((place) => place !== undefined);
  const lowest = Math.max(-CARD_HEIGHT - GAP, ...Object.values(places).map(({ y }) => y));
  const at = before ? { x: before.x, y: before.y + CARD_HEIGHT + GAP } : { x: 0, y: lowest + CARD_HEIGHT + GAP };
  while (Object.values(places).some((other) => overlaps(at, other))) at.x += CARD_WIDTH + 48;
  return at;
}

function overlaps(a: Position, b: Position): boolean {
  return Math.abs(a.x - b.x) < CARD_WIDTH && Math.abs(a.y - b.y) < CARD_HEIGHT;
}

function isPosition(value: unknown): value is Position {
  return isObject(value) && Number.isFinite(value.x) && Number.isFinite(value.y);
}
