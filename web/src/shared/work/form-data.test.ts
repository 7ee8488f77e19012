import { expect, test } from "vitest";
import type { FormField } from "~/shared/api/answers";
import { formData, initialValues, issuesByField, missing } from "./form-data";

const fields: FormField[] = [
  { name: "model", type: "select", required: true, options: ["A", "B"] },
  { name: "price", label: "Price", type: "number", required: true },
  { name: "agreed", type: "checkbox" },
  { name: "when", type: "datetime" },
  { name: "why", type: "text", show_if: { model: "B" } },
];

test("a form begins with its defaults, or empty", () => {
  expect(initialValues([...fields, { name: "n", type: "number", default: 3 }])).toEqual({
    model: "",
    price: "",
    agreed: false,
    when: "",
    why: "",
    n: 3,
  });
});

test("hidden fields are not sent, empty ones are sent as nothing, local times as instants", () => {
  const sent = formData(fields, { model: "A", price: "3", agreed: false, when: "2026-03-01T10:00:00Z", why: "x" });
  expect(sent).toEqual({ model: "A", price: "3", agreed: false, when: "2026-03-01T10:00:00.000Z" });
  expect(formData(fields, { model: "" })).toMatchObject({ model: null, price: null });
});

test("issues are shown at their fields, the first of each", () => {
  const issues = [
    { path: "form_data.price", message: "Price: at least 0.", code: "too_small" },
    { path: "form_data.price", message: "another", code: "x" },
    { path: "decision", message: "decision is approve or reject.", code: "y" },
  ];
  expect(issuesByField(issues)).toEqual({ price: "Price: at least 0.", decision: "decision is approve or reject." });
});

test("required fields that are empty are named by their label", () => {
  expect(missing(fields, { model: "A", price: " " }, (label) => `${label}!`)).toEqual({ price: "Price!" });
});
