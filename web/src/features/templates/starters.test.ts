import { expect, test } from "vitest";
import { outlineOf } from "../designer/definition/outline";
import { stepsOf } from "../designer/definition/shapes";
import { DEFINITIONS } from "./starters";

test.each(Object.entries(DEFINITIONS))("every step of %s is reached", (_, definition) => {
  const { lines, loose } = outlineOf(definition);
  expect(loose).toBe(lines.length);
  expect(lines.filter(({ kind }) => kind === "step")).toHaveLength(stepsOf(definition).length);
});
