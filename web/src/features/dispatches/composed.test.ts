import { expect, test } from "vitest";
import { begunWith, bodyOf, EMPTY, withGroup } from "./composed";
import { asRows, valuesOf, withRowsFor, writtenAs } from "./values";

test("what was handed over is sent as it came, with what was filled in", () => {
  const body = { template: "Outage", to: ["u1"], data: { site: "Rome", since: 4, room: "12" } };
  const begun = begunWith({ name: "pass", behavior: "dispatch", fields: ["reason", "note"], body });
  expect(begun.fields.map((field) => field.name)).toEqual(["reason", "note"]);
  const sent = bodyOf({ ...begun, asked: { ...begun.asked, reason: "Holiday" } }, {});
  expect(sent).toEqual({ template: "Outage", to: ["u1"], data: { ...body.data, reason: "Holiday" } });
});

test("nobody to send it to leaves the choice open", () => {
  const begun = begunWith({
    name: "x",
    behavior: "dispatch",
    fields: null,
    body: { template: "A", to: null, data: {} },
  });
  expect([begun.by, begun.query]).toEqual(["query", ""]);
});

test("title and due are sent when they are given", () => {
  const sent = bodyOf({ ...EMPTY, template: "a", query: " all users ", title: " Drill ", due: "2031-01-01T10:00" }, {});
  expect(sent).toMatchObject({ to: "all users", title: "Drill" });
  expect(sent.due_at).toBe(new Date("2031-01-01T10:00").toISOString());
  expect(sent).not.toHaveProperty("attributes");
});

test("a row is text where text is declared, and else what it says", () => {
  const rows = [
    { id: "1", name: "room", value: "12" },
    { id: "2", name: "seats", value: "12" },
    { id: "3", name: "phone", value: "0039" },
    { id: "4", name: "long", value: "12345678901234567890" },
    { id: "5", name: " ", value: "lost" },
  ];
  const { values } = valuesOf({ as: "rows", rows, json: "" }, { room: { type: "string" } });
  expect(values).toEqual({ room: "12", seats: 12, phone: "0039", long: "12345678901234567890" });
});

test("values stay the same in rows and as JSON, and are not lost while the JSON is wrong", () => {
  const values = { a: "12", b: 12, c: { d: [true] }, e: "text" };
  const json = writtenAs("json", asRows(values), {});
  expect(valuesOf(json).values).toEqual(values);
  expect(valuesOf(writtenAs("rows", json, {})).values).toEqual(values);
  const wrong = { ...json, json: '{"a":' };
  expect(writtenAs("rows", wrong, {})).toBe(wrong);
  expect(valuesOf({ ...json, json: "[1]" }).fault).toBe("not_object");
});

test("a template's variables have a row each, and what was written stays", () => {
  const begun = asRows({ site: "Rome", mine: "x", other: "" });
  const { rows } = withRowsFor(begun, { site: { required: true }, floor: { default: 3 } });
  expect(rows.map(({ name, value }) => [name, value])).toEqual([
    ["site", "Rome"],
    ["mine", "x"],
    ["floor", "3"],
  ]);
});

test("another group goes beside the first", () => {
  expect(withGroup("", "network")).toBe("given groups [network]");
  expect(withGroup("given groups [network] except users [a]", "desk")).toBe(
    "given groups [network, desk] except users [a]",
  );
  expect(withGroup("given roles [agent]", "Field, north")).toBe('given roles [agent] given groups ["Field, north"]');
});
