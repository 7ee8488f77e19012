import { type EdgeProps, getSmoothStepPath } from "@xyflow/react";
import type { Position } from "../definition/shapes";
import { type Arrangement, CARD_WIDTH } from "./arrange";

type Ends = Pick<
  EdgeProps,
  "id" | "source" | "target" | "sourceX" | "sourceY" | "targetX" | "targetY" | "sourcePosition" | "targetPosition"
>;

const NEAR = 12;
const ROUND = 14;
const BESIDE = 24;

/** The line of a connection, and its middle: past the cards between its ends where a tidy arrangement knows how. */
export function routeOf(ends: Ends, routes: Arrangement | null): [path: string, x: number, y: number] {
  const bends = routes?.bends[ends.id];
  if (!routes || !bends || !holds(ends, routes)) {
    const [path, x, y] = getSmoothStepPath({ ...ends, borderRadius: ROUND, offset: 24 });
    return [path, x, y];
  }
  const lane = bends[Math.floor(bends.length / 2)]?.x ?? ends.targetX;
  const leaves = ends.sourceY + BESIDE;
  const arrives = ends.targetY - BESIDE;
  const line = [
    { x: ends.sourceX, y: ends.sourceY },
    { x: ends.sourceX, y: leaves },
    { x: lane, y: leaves },
    { x: lane, y: arrives },
    { x: ends.targetX, y: arrives },
    { x: ends.targetX, y: ends.targetY },
  ];
  return [rounded(line), lane, (leaves + arrives) / 2];
}

/** Whether both cards are where the arrangement put them. */
function holds({ source, target, sourceX, sourceY, targetX, targetY }: Ends, { layout }: Arrangement): boolean {
  const from = layout[source];
  const to = layout[target];
  if (!from || !to) return false;
  const isTargetThere = Math.abs(targetX - to.x - CARD_WIDTH / 2) < NEAR && Math.abs(targetY - to.y) < NEAR;
  return (
    isTargetThere && sourceX >= from.x && sourceX <= from.x + CARD_WIDTH && sourceY > from.y && sourceY < from.y + 180
  );
}

/** A line through the points whose corners are round. */
export function rounded(points: Position[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = rest.map((corner, index) => {
    const before = points[index] as Position;
    const after = rest[index + 1];
    if (!after) return `L${corner.x},${corner.y}`;
    const start = towards(corner, before);
    const end = towards(corner, after);
    return `L${start.x},${start.y}Q${corner.x},${corner.y} ${end.x},${end.y}`;
  });
  return `M${first.x},${first.y}${parts.join("")}`;
}

function towards(corner: Position, other: Position): Position {
  const length = Math.hypot(other.x - corner.x, other.y - corner.y);
  const part = length === 0 ? 0 : Math.min(ROUND, length / 2) / length;
  return { x: corner.x + (other.x - corner.x) * part, y: corner.y + (other.y - corner.y) * part };
}
