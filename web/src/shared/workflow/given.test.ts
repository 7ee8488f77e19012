import { expect, test } from "vitest";
import type { StepInstance } from "~/shared/api/answers";
import { given } from "./given";

test("what was filled in is shown under the form's labels", () => {
  const step = {
    fields: [
      { name: "model", label: "Model", type: "select" },
      { name: "agreed", type: "checkbox" },
    ],
    form_data: { model: ["A", "B"], agreed: true, gone: 3 },
  } as unknown as StepInstance;
  expect(given(step)).toEqual([
    ["Model", "A, B"],
    ["agreed", "✓"],
    ["gone", "3"],
  ]);
});
