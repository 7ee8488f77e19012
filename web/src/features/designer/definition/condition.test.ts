import { expect, test } from "vitest";
import { clauseOf, sentenceOf, typed, valueTyped, written } from "./condition";

test("what is read is written as it was, however deep", () => {
  const conditions = [
    { priority: "P1" },
    { price: { gt: 100 } },
    { all: [{ a: 1 }, { any: [{ b: { in: ["x", "y"] } }, { not: { c: { exists: true } } }] }] },
    { expression: "price > 3.0" },
  ];
  for (const condition of conditions) expect(written(clauseOf(condition))).toEqual(condition);
});

test("names beside each other all have to hold", () => {
  expect(written(clauseOf({ a: 1, b: { gt: 2, lt: 5 } }))).toEqual({
    all: [{ a: 1 }, { all: [{ b: { gt: 2 } }, { b: { lt: 5 } }] }],
  });
});

test("what nobody has an editor for is kept", () => {
  expect(written(clauseOf({ all: "nonsense" }))).toEqual({ all: "nonsense" });
});

test("what is typed is a number, a truth, a list or a text", () => {
  expect(valueTyped("1500", "gt")).toBe(1500);
  expect(valueTyped("true", "eq")).toBe(true);
  expect(valueTyped("P1, P2", "in")).toEqual(["P1", "P2"]);
  expect(valueTyped('13"', "eq")).toBe('13"');
  expect(typed(["P1", 2])).toBe("P1, 2");
});

test("a condition can be said in a sentence", () => {
  const word = (op: string) => ({ all: "and", any: "or", gt: "over", exists: "is there" })[op] ?? op;
  expect(
    sentenceOf(clauseOf({ all: [{ price: { gt: 5 } }, { any: [{ a: { exists: true } }, { b: { gt: 1 } }] }] }), word),
  ).toBe("price over 5 and (a is there or b over 1)");
});
