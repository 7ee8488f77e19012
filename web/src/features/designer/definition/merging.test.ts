import { expect, test } from "vitest";
import { merged } from "./merging";
import type { Definition, Step } from "./shapes";

const a: Step = { id: "a", type: "form", next: "b" };
const b: Step = { id: "b", type: "wait" };
const base: Definition = { name: "n", steps: [a, b] };

test("changes to different steps fit together", () => {
  const mine: Definition = { ...base, steps: [{ ...a, name: "Mine" }, b] };
  const theirs: Definition = { name: "Theirs", steps: [a, { ...b, name: "Theirs" }, { id: "c", type: "form" }] };
  const { definition, conflicts } = merged(base, mine, theirs);
  expect(conflicts).toEqual([]);
  expect(definition.name).toBe("Theirs");
  expect(definition.steps?.map(({ id, name }) => [id, name])).toEqual([
    ["a", "Mine"],
    ["b", "Theirs"],
    ["c", undefined],
  ]);
});

test("where both changed the same, mine stands and it is told", () => {
  const mine: Definition = { ...base, steps: [{ ...a, name: "Mine" }, b] };
  const theirs: Definition = { ...base, steps: [{ ...a, name: "Theirs" }, b] };
  expect(merged(base, mine, theirs)).toEqual({ definition: mine, conflicts: ["a"] });
});

test("a step one has taken away and the other left alone is gone; one both changed stays as mine", () => {
  const without: Definition = { ...base, steps: [a] };
  expect(merged(base, base, without).definition.steps).toEqual([a]);
  expect(merged(base, without, base).definition.steps).toEqual([a]);
  const changed: Definition = { ...base, steps: [a, { ...b, name: "B" }] };
  expect(merged(base, changed, without)).toEqual({ definition: changed, conflicts: ["b"] });
});
