import { expect, test } from "vitest";
import { differenceOf, isSame } from "./difference";
import type { Definition } from "./shapes";

const before: Definition = {
  name: "one",
  layout: { a: { x: 0, y: 0 } },
  steps: [
    { id: "a", type: "form", fields: [{ name: "x", label: "X" }] },
    { id: "b", type: "wait" },
  ],
};

test("places on the canvas and the order of properties make no difference", () => {
  const after: Definition = { steps: before.steps ?? [], layout: {}, name: "one" };
  expect(isSame(differenceOf(before, after))).toBe(true);
});

test("what differs is told as near to the leaf as can be", () => {
  const after: Definition = {
    name: "two",
    steps: [
      { id: "a", type: "form", fields: [{ name: "x", label: "Y" }, { name: "z" }] },
      { id: "c", type: "automatic", name: "Do it" },
    ],
  };
  const difference = differenceOf(before, after);
  expect(difference.head).toEqual([{ path: "name", before: "one", after: "two" }]);
  expect(difference.steps.map(({ id, kind }) => [id, kind])).toEqual([
    ["a", "changed"],
    ["c", "added"],
    ["b", "removed"],
  ]);
  expect(difference.steps[0]?.changes).toEqual([
    { path: "fields[0].label", before: "X", after: "Y" },
    { path: "fields[1]", before: undefined, after: { name: "z" } },
  ]);
});

test("another order of the same steps is told", () => {
  const after: Definition = { ...before, steps: [...(before.steps ?? [])].reverse() };
  expect(differenceOf(before, after)).toEqual({ head: [], steps: [], reordered: true });
});
