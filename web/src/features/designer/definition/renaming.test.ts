import { expect, test } from "vitest";
import { connectionsOf } from "./connections";
import { renameStep } from "./renaming";
import type { Definition } from "./shapes";

const definition: Definition = {
  start: "form",
  layout: { form: { x: 1, y: 1 } },
  steps: [
    { id: "form", type: "form", next: "check" },
    {
      id: "check",
      type: "condition",
      branches: [{ label: "form", when: { "steps.form.price": { gt: 1 } }, next: "form" }],
      otherwise: "form",
    },
    {
      id: "say",
      type: "automatic",
      action: { text: "{{ steps.form.price }} of {{ steps.form-2.price }}" },
      next: { failed: "form" },
    },
    { id: "form-2", type: "form" },
  ],
};

test("everything that names the step names it anew", () => {
  const renamed = renameStep(definition, "form", "wish");
  expect(renamed.start).toBe("wish");
  expect(renamed.layout).toEqual({ wish: { x: 1, y: 1 } });
  expect(connectionsOf(renamed).filter(({ to }) => to === "form")).toEqual([]);
  expect(connectionsOf(renamed).filter(({ to }) => to === "wish")).toHaveLength(3);
  expect(renamed.steps?.[1]?.branches).toEqual([
    { label: "form", when: { "steps.wish.price": { gt: 1 } }, next: "wish" },
  ]);
});

test("a step whose id only begins alike keeps its name, and so do types and labels", () => {
  const renamed = renameStep(definition, "form", "wish");
  expect(renamed.steps?.[2]?.action).toEqual({ text: "{{ steps.wish.price }} of {{ steps.form-2.price }}" });
  expect(renamed.steps?.[0]?.type).toBe("form");
  expect(renamed.steps?.[3]).toEqual({ id: "form-2", type: "form" });
});
