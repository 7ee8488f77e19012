import { expect, test } from "vitest";
import { growingPoint, outlineOf } from "./outline";
import type { Definition } from "./shapes";

const definition: Definition = {
  steps: [
    { id: "ask", type: "form", next: "decide" },
    { id: "decide", type: "approval", next: { approved: "do", rejected: "ask" } },
    { id: "do", type: "automatic" },
    { id: "lost", type: "wait" },
  ],
};

test("a straight way stays on its level; a fork's ways stand one deeper, with ends and ways back", () => {
  const { lines, loose } = outlineOf(definition);
  expect(lines.map(({ kind, id, level, via }) => [kind, id, level, via])).toEqual([
    ["step", "ask", 1, null],
    ["step", "decide", 1, null],
    ["step", "do", 2, "approved"],
    ["end", "do", 2, null],
    ["reference", "ask", 2, "rejected"],
    ["step", "lost", 1, null],
    ["end", "lost", 1, null],
  ]);
  expect(loose).toBe(5);
});

test("every line has a key of its own, in however many ways a step is reached", () => {
  const keys = outlineOf(definition).lines.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

test("the next step goes after the chosen one, else where the usual way ends", () => {
  expect(growingPoint(definition, "ask")).toEqual({ from: "ask", outcome: "submitted" });
  expect(growingPoint(definition, null)).toEqual({ from: "do", outcome: "succeeded" });
  expect(growingPoint({ steps: [] }, null)).toBeNull();
});

test("a process that goes in a circle is walked once", () => {
  const circle: Definition = {
    steps: [
      { id: "a", type: "wait", next: "b" },
      { id: "b", type: "wait", next: "a" },
    ],
  };
  expect(outlineOf(circle).lines.map(({ kind }) => kind)).toEqual(["step", "step", "reference"]);
  expect(growingPoint(circle, null)).toEqual({ from: "b", outcome: "elapsed" });
});
