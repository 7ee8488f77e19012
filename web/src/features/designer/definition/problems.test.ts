import { expect, test } from "vitest";
import { type Problem, problemsAt, problemsByStep, worst } from "./problems";

const problem = (path: string, step_id: string | null = null, severity: Problem["severity"] = "error"): Problem => ({
  path,
  step_id,
  severity,
  code: "c",
  message: "m",
});

test("problems are found at their step, by its id or by its place in the list, else at the whole", () => {
  const found = problemsByStep(
    [problem("steps[1].next", "b"), problem("steps[0].fields[0].name"), problem("name")],
    ["a", "b"],
  );
  expect([...found].map(([id, list]) => [id, list.length])).toEqual([
    ["b", 1],
    ["a", 1],
    ["", 1],
  ]);
});

test("a property's problems are its own and those of what is in it, not of one that begins alike", () => {
  const all = [problem("steps[0].fields[0].name"), problem("steps[0].fields"), problem("steps[0].fieldset")];
  expect(problemsAt(all, "fields")).toHaveLength(2);
});

test("an error is worse than any number of warnings", () => {
  expect(worst([problem("", null, "warning"), problem("")])).toBe("error");
  expect(worst([])).toBeNull();
});
