import { expect, test } from "vitest";
import { KINDS, madeStaleBy } from "./what-changed";

test("each kind of news makes something stale", () => {
  for (const kind of KINDS) expect(madeStaleBy(kind).length).toBeGreaterThan(0);
});

test("news nobody has heard of makes nothing stale", () => {
  expect(madeStaleBy("moon.risen")).toEqual([]);
});
