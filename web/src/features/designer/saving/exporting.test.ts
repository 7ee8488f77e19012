import { expect, test } from "vitest";
import { definitionIn, textOf, Unreadable } from "./exporting";

const definition = { name: 'Wish: a 13" laptop', steps: [{ id: "a", type: "form", options: ["yes", "on", "12:30"] }] };

test("a definition comes back from its text, in either format", () => {
  expect(definitionIn(textOf(definition, "yaml"))).toEqual(definition);
  expect(definitionIn(textOf(definition, "json"))).toEqual(definition);
});

test("yes, on and times are texts, as the server reads them", () => {
  expect(definitionIn("name: yes\nsteps: [{id: on, type: 12:30}]")).toEqual({
    name: "yes",
    steps: [{ id: "on", type: "12:30" }],
  });
});

test("what is no definition says why", () => {
  expect(() => definitionIn("- a list")).toThrow(Unreadable);
  expect(() => definitionIn("name: [")).toThrow(Unreadable);
});
