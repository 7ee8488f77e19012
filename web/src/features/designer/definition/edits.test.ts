import { expect, test } from "vitest";
import { connectionsOf } from "./connections";
import { insertAfter, insertBefore, moveStep, newStep, placed, removeStep, removeSteps, startAt } from "./edits";
import { type Definition, startOf } from "./shapes";

const three: Definition = {
  name: "three",
  layout: { b: { x: 1, y: 2 } },
  steps: [
    { id: "a", type: "form", next: "b" },
    { id: "b", type: "approval", next: { approved: "c", rejected: "a" } },
    { id: "c", type: "automatic" },
  ],
};
const ways = (definition: Definition) =>
  connectionsOf(definition).map(({ from, outcome, to }) => `${from} ${outcome} ${to}`);
const ids = (definition: Definition) => definition.steps?.map(({ id }) => id);

test("a step put into a connection leads where that led, and stands after the step before it", () => {
  const changed = insertAfter(three, newStep(three, "wait"), { from: "a", outcome: "submitted" });
  expect(ids(changed)).toEqual(["a", "wait", "b", "c"]);
  expect(ways(changed)).toContain("a submitted wait");
  expect(ways(changed)).toContain("wait elapsed b");
});

test("a step added at an end is what comes next there", () => {
  const changed = insertAfter(three, newStep(three, "form"), { from: "c", outcome: "failed" });
  expect(ways(changed)).toContain("c failed form");
  expect(ways(changed).filter((way) => way.startsWith("form "))).toEqual([]);
});

test("a condition put into a connection goes on by its first branch", () => {
  const changed = insertAfter(three, newStep(three, "condition"), { from: "a", outcome: "submitted" });
  expect(ways(changed)).toContain("condition yes b");
});

test("a step put before another is led to by all that led there", () => {
  const changed = insertBefore(three, newStep(three, "wait"), "a");
  expect(ids(changed)).toEqual(["wait", "a", "b", "c"]);
  expect(startOf(changed)).toBe("wait");
  expect(ways(changed)).toContain("b rejected wait");
  expect(ways(changed)).toContain("wait elapsed a");
});

test("taking a step away joins what led to it with where it usually went on", () => {
  const changed = removeStep(three, "b");
  expect(ways(changed)).toEqual(["a submitted c"]);
  expect(changed.layout).toEqual({});
});

test("when the first step goes, runs start where it led", () => {
  const shuffled: Definition = {
    steps: [three.steps?.[0], three.steps?.[2], three.steps?.[1]] as Definition["steps"] & object,
  };
  expect(startOf(removeStep(shuffled, "a"))).toBe("b");
  expect(startOf(removeStep({ ...three, start: "b" }, "b"))).toBe("c");
});

test("a step that leads to itself is taken away without a trace", () => {
  const looping: Definition = {
    steps: [
      { id: "a", type: "form", next: "b" },
      { id: "b", type: "wait", next: "b" },
    ],
  };
  expect(ways(removeStep(looping, "b"))).toEqual([]);
  expect(ids(removeSteps(looping, ["a", "b"]))).toEqual([]);
});

test("moving a step changes its place in the list and no connection", () => {
  expect(ids(moveStep(three, "c", -1))).toEqual(["a", "c", "b"]);
  expect(ways(moveStep(three, "c", -1)).sort()).toEqual(ways(three).sort());
  expect(moveStep(three, "a", -1)).toBe(three);
});

test("runs can be made to start elsewhere, and the first of the list needs no word", () => {
  expect(startAt(three, "b").start).toBe("b");
  expect("start" in startAt({ ...three, start: "b" }, "a")).toBe(false);
});

test("new steps have ids that are free, and places are kept beside those there are", () => {
  expect(newStep({ steps: [{ id: "wait", type: "wait" }] }, "wait").id).toBe("wait-2");
  expect(placed(three, { a: { x: 5, y: 6 } }).layout).toEqual({ a: { x: 5, y: 6 }, b: { x: 1, y: 2 } });
});
