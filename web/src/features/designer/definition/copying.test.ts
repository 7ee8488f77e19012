import { expect, test } from "vitest";
import { connectionsOf } from "./connections";
import { copied, duplicated, pasted, stepsIn } from "./copying";
import type { Definition } from "./shapes";

const definition: Definition = {
  steps: [
    { id: "a", type: "form", next: "b" },
    { id: "b", type: "approval", next: { approved: "c", rejected: "a" } },
    { id: "c", type: "automatic", action: { text: "{{ steps.b.decision }}" } },
  ],
};
const ways = (of: Definition) => connectionsOf(of).map(({ from, outcome, to }) => `${from} ${outcome} ${to}`);

test("copied steps come back from their text with new ids, joined among themselves alone", () => {
  const steps = stepsIn(copied(definition, ["b", "c"]));
  const { definition: changed, ids } = pasted(definition, steps ?? [], null);
  expect(ids).toEqual(["b-2", "c-2"]);
  expect(ways(changed)).toEqual([...ways(definition), "b-2 approved c-2"]);
  expect(changed.steps?.at(-1)?.action).toEqual({ text: "{{ steps.b-2.decision }}" });
});

test("pasted after a step, the first of them follows it", () => {
  const steps = stepsIn(copied(definition, ["a"])) ?? [];
  const { definition: changed } = pasted(definition, steps, { from: "c", outcome: "succeeded" });
  expect(ways(changed)).toContain("c succeeded a-2");
});

test("a copy stands between the step and what followed it", () => {
  const { definition: changed, ids } = duplicated(definition, "a");
  expect(ids).toEqual(["a-2"]);
  expect(ways(changed)).toContain("a submitted a-2");
  expect(ways(changed)).toContain("a-2 submitted b");
});

test("other texts in the clipboard are not steps", () => {
  expect(stepsIn("hello")).toBeNull();
  expect(stepsIn('{"steps": []}')).toBeNull();
  expect(stepsIn('{"format": "wayline/steps", "steps": [{"id": 3}]}')).toBeNull();
});
