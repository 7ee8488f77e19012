import { expect, test } from "vitest";
import { parseSearch, stringifySearch } from "./search-text";

test("what stands in the address stays text", () => {
  expect(parseSearch("?q=123&status=new,open")).toEqual({ q: "123", status: "new,open" });
});

test("what is empty is left out, commas stay readable", () => {
  expect(stringifySearch({ q: "", status: "new,open", kind: undefined, text: "a & b" })).toBe(
    "?status=new,open&text=a+%26+b",
  );
  expect(stringifySearch({})).toBe("");
});
