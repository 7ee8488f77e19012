import { expect, test } from "vitest";
import type { InboxItem } from "~/shared/api/answers";
import { offersFor } from "./bulk";

const item = (id: string, more: Partial<InboxItem>) => ({ id, kind: "form", ...more }) as InboxItem;
const entry = (id: string, ...labels: string[]) =>
  item(id, { kind: "entry", paths: labels.map((label) => ({ label, step: label })) });

test("what is offered fits the items, each way with those it can be done to", () => {
  const chosen = [
    item("free", { group: "g" }),
    item("mine", { group: "g", claimed_by: "me" }),
    item("theirs", { group: "g", claimed_by: "you" }),
    item("personal", { group: null }),
  ];
  expect(offersFor(chosen, { id: "me" })).toEqual([
    { do: { action: "claim" }, ids: ["free"] },
    { do: { action: "release" }, ids: ["mine"] },
  ]);
});

test("of messages, the paths that all of them have", () => {
  expect(offersFor([entry("a", "Yes", "No", "Later"), entry("b", "No", "Yes")], { id: "me" })).toEqual([
    { do: { action: "choose", path: "Yes" }, ids: ["a", "b"] },
    { do: { action: "choose", path: "No" }, ids: ["a", "b"] },
  ]);
  expect(offersFor([entry("a", "Yes"), entry("b", "Done")], { id: "me" })).toEqual([]);
});
