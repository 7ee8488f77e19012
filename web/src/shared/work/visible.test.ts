import { describe, expect, test } from "vitest";
import type { FormField } from "~/shared/api/answers";
import { judged, visibleFields } from "./visible";

const known = new Set(["price", "kind", "why", "tags"]);

describe("a condition over the form's own fields", () => {
  test.each([
    [{ kind: "new" }, { kind: "new" }, true],
    [{ kind: ["new", "used"] }, { kind: "used" }, true],
    [{ price: { gt: 1500 } }, { price: "1600" }, true],
    [{ price: { gt: 1500 } }, { price: "" }, false],
    [{ price: { ge: 2, lt: 4 } }, { price: 4 }, false],
    [{ kind: { exists: false } }, {}, true],
    [{ kind: { ne: "new" } }, {}, true],
    [{ kind: null }, { kind: "" }, true],
    [{ tags: { contains: "vip" } }, { tags: ["vip"] }, true],
    [{ not: { kind: "new" } }, { kind: "new" }, false],
    [{ any: [{ kind: "new" }, { price: 3 }] }, { price: "3" }, true],
    [{ all: [{ kind: "new" }, { price: 3 }] }, { price: "3" }, false],
    [{}, {}, true],
  ])("%j with %j: %s", (condition, values, expected) => {
    expect(judged(condition, values, known)).toBe(expected);
  });

  test("what only the server knows is not judged", () => {
    expect(judged({ "ticket.priority": "P1" }, {}, known)).toBeNull();
    expect(judged({ expression: "price > 3" }, { price: 4 }, known)).toBeNull();
    expect(judged({ kind: { matches: "^n" } }, { kind: "new" }, known)).toBeNull();
    expect(judged({ all: [{ kind: "new" }, { "ticket.priority": "P1" }] }, { kind: "used" }, known)).toBe(false);
  });
});

test("a field that hangs on a hidden one is hidden too", () => {
  const fields: FormField[] = [
    { name: "kind", type: "text" },
    { name: "price", type: "number", show_if: { kind: "new" } },
    { name: "why", type: "text", show_if: { price: { gt: 10 } } },
  ];
  const names = (values: Record<string, unknown>) => visibleFields(fields, values).map((field) => field.name);
  expect(names({ kind: "new", price: 20 })).toEqual(["kind", "price", "why"]);
  expect(names({ kind: "used", price: 20 })).toEqual(["kind"]);
});
