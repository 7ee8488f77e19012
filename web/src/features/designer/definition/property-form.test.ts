import { expect, test } from "vitest";
import { formOf, withValue } from "./property-form";

const who = { type: "object", properties: { user: { type: "string" } } };
const schema = {
  $defs: {
    Who: who,
    FormField: { properties: { name: { type: "string" }, options: { type: "array", items: {} } }, required: ["name"] },
    AtLeast: { properties: { at_least: { type: "integer" } } },
    Branch: { properties: { label: { type: "string" }, when: { type: "object" }, next: { type: "string" } } },
    Say: {
      properties: { type: { const: "say" }, text: { type: "string" } },
      required: ["type", "text"],
      description: "Says it.",
    },
    Wait: { type: "object", properties: { hours: { anyOf: [{ type: "number", minimum: 0 }, { type: "null" }] } } },
  },
  required: ["fields"],
  properties: {
    id: { type: "string" },
    fields: { type: "array", items: { $ref: "#/$defs/FormField" } },
    assignee: { anyOf: [{ $ref: "#/$defs/Who" }, { type: "null" }], description: "Who fills it." },
    approvers: { anyOf: [{ type: "array", items: { $ref: "#/$defs/Who" } }, { $ref: "#/$defs/Who" }] },
    rule: { anyOf: [{ enum: ["all", "any"] }, { $ref: "#/$defs/AtLeast" }], default: "all" },
    branches: { type: "array", items: { $ref: "#/$defs/Branch" } },
    action: { oneOf: [{ $ref: "#/$defs/Say" }], discriminator: { propertyName: "type" } },
    for: { $ref: "#/$defs/Wait" },
    calendar: { anyOf: [{ type: "string" }, { type: "null" }] },
    anything: { default: null },
  },
};
const form = Object.fromEntries(formOf(schema, ["id"]).map((property) => [property.name, property]));

test("each property has the editor that its schema asks for", () => {
  expect(Object.entries(form).map(([name, { control }]) => [name, control.kind])).toEqual([
    ["fields", "formFields"],
    ["assignee", "who"],
    ["approvers", "whos"],
    ["rule", "wordOrNumber"],
    ["branches", "list"],
    ["action", "variant"],
    ["for", "object"],
    ["calendar", "calendar"],
    ["anything", "json"],
  ]);
  expect(form.fields?.required).toBe(true);
  expect(form.assignee?.help).toBe("Who fills it.");
});

test("what is inside is a form too: conditions in branches, without where they lead", () => {
  const branches = form.branches?.control;
  expect(branches?.kind === "list" && branches.item.map(({ name, control }) => [name, control.kind])).toEqual([
    ["label", "text"],
    ["when", "condition"],
  ]);
  const wait = form.for?.control;
  expect(wait?.kind === "object" && wait.properties[0]?.control).toEqual({ kind: "number", integer: false, min: 0 });
});

test("kinds of actions are told apart by their word", () => {
  const action = form.action?.control;
  expect(
    action?.kind === "variant" && action.variants.map(({ name, properties }) => [name, properties.length]),
  ).toEqual([["say", 1]]);
});

test("what is usual is not written down", () => {
  const rule = { name: "rule", default: "all", required: false };
  expect(withValue({ rule: "any", x: 1 }, rule, "all")).toEqual({ x: 1 });
  expect(withValue({ x: 1 }, rule, "any")).toEqual({ x: 1, rule: "any" });
});
