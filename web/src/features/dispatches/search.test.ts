import { expect, test } from "vitest";
import { boardSearch } from "./search";

test("a board's filter is read from the address, and nothing else is", () => {
  expect(boardSearch({ task: "accepted", page: "3" })).toEqual({ task: "accepted", page: 3 });
  expect(boardSearch({ task: "moon", page: "-1", x: "1" })).toEqual({});
});
