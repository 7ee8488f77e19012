import { expect, test } from "vitest";
import { isFiltered, sortedBy, ticketSearch, ticketTab, toggled } from "./search";

test("filters and order are read from the address, and nothing else is", () => {
  expect(ticketSearch({ status: "new,open", sort: "title", order: "asc", page: "3", q: " " })).toEqual({
    status: "new,open",
    sort: "title",
    order: "asc",
  });
  expect(ticketSearch({ sort: "created_at", order: "desc" })).toEqual({});
});

test("an order is no filter", () => {
  expect(isFiltered({ sort: "title", order: "asc" })).toBe(false);
  expect(isFiltered({ assignee: "me" })).toBe(true);
});

test("a value is put into a list and taken out again", () => {
  expect(toggled(undefined, "P1")).toBe("P1");
  expect(toggled("P1", "P2")).toBe("P1,P2");
  expect(toggled("P1,P2", "P1")).toBe("P2");
  expect(toggled("P1", "P1")).toBeUndefined();
});

test("sorting by a column again turns the order round", () => {
  const byTitle = sortedBy({ q: "vpn" }, "title");
  expect(byTitle).toEqual({ q: "vpn", sort: "title", order: "asc" });
  expect(sortedBy(byTitle, "title")).toEqual({ q: "vpn", sort: "title" });
  expect(sortedBy(byTitle, "created_at")).toEqual({ q: "vpn" });
  expect(sortedBy({}, "created_at")).toEqual({ order: "asc" });
});

test("an unknown tab is the first one", () => {
  expect(ticketTab({ tab: "workflow" })).toEqual({ tab: "workflow" });
  expect(ticketTab({ tab: "moon" })).toEqual({});
});
