import { expect, test } from "vitest";
import { connectionsOf } from "../definition/connections";
import type { Definition, Layout } from "../definition/shapes";
import { arranged, CARD_HEIGHT, CARD_WIDTH } from "./arrange";
import { placesOf, wantsTidying } from "./places";

const definition: Definition = {
  steps: [
    { id: "a", type: "approval", next: { approved: "b", rejected: "c" } },
    { id: "b", type: "form", next: "d" },
    { id: "c", type: "form", next: "a" },
    { id: "d", type: "form", next: "gone" },
    { id: "loose", type: "wait", next: "loose" },
  ],
};
const overlap = (places: Layout) =>
  Object.entries(places).filter(([id, a]) =>
    Object.entries(places).some(
      ([other, b]) => id !== other && Math.abs(a.x - b.x) < CARD_WIDTH && Math.abs(a.y - b.y) < CARD_HEIGHT,
    ),
  );

test("tidy cards stand below what leads to them and upon no other", () => {
  const { layout: places, bends } = arranged({
    ids: ["a", "b", "c", "d", "loose"],
    connections: connectionsOf(definition),
  });
  expect(overlap(places)).toEqual([]);
  expect(Object.keys(bends)).not.toContain("a/approved");
  expect(places.b?.y).toBeGreaterThan(places.a?.y ?? 0);
  expect(places.d?.y).toBeGreaterThan(places.b?.y ?? 0);
});

test("a connection past a card goes around it", () => {
  const ways = [
    { from: "a", outcome: "approved", to: "b" },
    { from: "a", outcome: "rejected", to: "c" },
    { from: "b", outcome: "submitted", to: "c" },
  ];
  const { layout, bends } = arranged({ ids: ["a", "b", "c"], connections: ways });
  const between = layout.b ?? { x: 0, y: 0 };
  const passing = (bends["a/rejected"] ?? []).filter(({ y }) => y >= between.y && y <= between.y + CARD_HEIGHT);
  expect(passing.length).toBeGreaterThan(0);
  expect(passing.filter(({ x }) => x > between.x && x < between.x + CARD_WIDTH)).toEqual([]);
});

test("a card without a place gets one near what leads to it, and those that have one stay", () => {
  const placed: Definition = { ...definition, layout: { a: { x: 10, y: 20 } } };
  const places = placesOf(placed, null);
  expect(places.a).toEqual({ x: 10, y: 20 });
  expect(overlap(places)).toEqual([]);
  expect(wantsTidying(placed)).toBe(true);
});

test("a place found automatically counts only where the definition has none", () => {
  const placed: Definition = { ...definition, layout: { a: { x: 10, y: 20 } } };
  const places = placesOf(placed, { a: { x: 0, y: 0 }, b: { x: 900, y: 900 } });
  expect([places.a, places.b]).toEqual([
    { x: 10, y: 20 },
    { x: 900, y: 900 },
  ]);
});
