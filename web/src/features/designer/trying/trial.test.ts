import { expect, test } from "vitest";
import type { Simulation } from "../api/simulation";
import { asAsked, litAt } from "./trial";

test("a step that asks several times is answered in turn", () => {
  const given = [
    { stepId: "a", kind: "answer", value: { x: 1 } },
    { stepId: "b", kind: "outcome", value: "failed" },
    { stepId: "a", kind: "answer", value: { x: 2 } },
  ] as const;
  expect(asAsked([...given])).toEqual({ answers: { a: [{ x: 1 }, { x: 2 }] }, outcomes: { b: ["failed"] } });
});

test("stepping through lights the way gone, and the step it is at", () => {
  const visited = (step_id: string, outcome: string) => ({ step_id, outcome });
  const simulation = {
    path: [visited("a", "submitted"), visited("b", "approved")],
    waiting_at: { step_id: "c" },
  } as unknown as Simulation;
  expect(litAt(simulation, 1)).toEqual({ steps: new Set(["a", "b"]), ways: new Set(["a/submitted"]), at: "b" });
  expect(litAt(simulation, 2).at).toBe("c");
});
