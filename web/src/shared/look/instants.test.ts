import { expect, test } from "vitest";
import { dueIn, fromNow, lasting } from "./instants";

const now = Date.UTC(2026, 2, 2, 12);
const HOUR = 3_600_000;

test.each([
  [now - 3 * HOUR, "3 hr. ago"],
  [now + 26 * HOUR, "tomorrow"],
  [now - 10_000, "this minute"],
])("an instant is named from now", (at, said) => {
  expect(fromNow(at, now)).toBe(said);
});

test.each([
  [20_000, "< 1 min"],
  [5 * 60_000, "5 min"],
  [2 * HOUR + 5 * 60_000, "2 h 5 min"],
  [48 * HOUR, "2 d"],
])("a duration of %i ms is %s", (ms, said) => {
  expect(lasting(ms)).toBe(said);
});

test("what is due presses in its last quarter, and is late afterwards", () => {
  expect(dueIn(now + 3 * HOUR, now - HOUR, now)).toEqual({ share: 0.75, tone: "neutral" });
  expect(dueIn(now + HOUR, now - 9 * HOUR, now).tone).toBe("warn");
  expect(dueIn(now - 1, now - HOUR, now)).toEqual({ share: 0, tone: "bad" });
});
