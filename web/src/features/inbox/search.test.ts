import { expect, test } from "vitest";
import { inboxSearch, isFiltered } from "./search";

test("filters are read from the address, and nothing else is", () => {
  expect(inboxSearch({ kind: "form", scope: "mine", status: "done", q: "vpn" })).toEqual({
    kind: "form",
    scope: "mine",
    status: "done",
    q: "vpn",
  });
  expect(inboxSearch({ kind: "moon", scope: "all", status: "open", q: "  ", x: "1" })).toEqual({});
});

test("looking at what is done is no filter", () => {
  expect(isFiltered({ status: "done" })).toBe(false);
  expect(isFiltered({ q: "vpn" })).toBe(true);
});
