import { describe, expect, test } from "vitest";
import { connect, connectionsFrom, connectionsOf, disconnect, endsOf, withTarget } from "./connections";
import type { Definition, Step } from "./shapes";

const form: Step = { id: "ask", type: "form", next: "decide" };
const approval: Step = { id: "decide", type: "approval", approvers: [], next: { approved: "order", rejected: "tell" } };
const condition: Step = {
  id: "dear",
  type: "condition",
  branches: [
    { label: "yes", when: {}, next: "decide" },
    { label: "no", when: {} },
  ],
  otherwise: "order",
};

describe("where outcomes lead", () => {
  test("a plain next is taken by every outcome but those that fail the run", () => {
    const automatic: Step = { id: "do", type: "automatic", next: "after" };
    expect(connectionsFrom(automatic)).toEqual([{ from: "do", outcome: "succeeded", to: "after" }]);
    expect(connectionsFrom({ ...approval, next: "order" })).toEqual([
      { from: "decide", outcome: "approved", to: "order" },
    ]);
  });

  test("default is taken by every outcome that is not named, failing ones too", () => {
    const step: Step = { ...approval, next: { default: "tell", approved: "order" } };
    expect(connectionsFrom(step).map(({ outcome, to }) => [outcome, to])).toEqual([
      ["approved", "order"],
      ["rejected", "tell"],
    ]);
  });

  test("branches lead by their own next, what they leave out by the step's", () => {
    expect(connectionsFrom({ ...condition, next: "rest" }).map(({ outcome, to }) => [outcome, to])).toEqual([
      ["yes", "decide"],
      ["no", "rest"],
      ["otherwise", "order"],
    ]);
  });

  test("a step that proceeds when its time is up has that outcome too", () => {
    // biome-ignore lint/suspicious/noThenProperty: a property of steps is called so
    const step: Step = { ...form, next: null, timeout_hours: 4, on_timeout: { then: "proceed" } };
    expect(endsOf(step)).toEqual(["submitted", "timed_out"]);
  });

  test("a fork's list of steps is a way on for each", () => {
    expect(connectionsFrom({ id: "fork", type: "parallel", next: ["a", "b"] }).map(({ to }) => to)).toEqual(["a", "b"]);
  });
});

describe("connecting", () => {
  test("one outcome's target changes and the others stay", () => {
    expect(withTarget(approval, "rejected", "order").next).toEqual({ approved: "order", rejected: "order" });
    expect(withTarget(approval, "rejected", null).next).toBe("order");
  });

  test("what a default stood for is spelled out when one outcome goes elsewhere", () => {
    const step: Step = { ...approval, next: { default: "tell" } };
    expect(withTarget(step, "approved", "order").next).toEqual({ approved: "order", rejected: "tell" });
  });

  test("the last connection taken away leaves no next", () => {
    expect("next" in withTarget(form, "submitted", null)).toBe(false);
  });

  test("a branch keeps its target at itself", () => {
    const changed = withTarget(condition, "no", "tell");
    expect(changed.branches).toEqual([
      { label: "yes", when: {}, next: "decide" },
      { label: "no", when: {}, next: "tell" },
    ]);
    expect("otherwise" in withTarget(condition, "otherwise", null)).toBe(false);
  });

  test("disconnecting a branch that went by the step's next leaves the others where they led", () => {
    const step: Step = {
      id: "c",
      type: "condition",
      branches: [
        { label: "a", when: {} },
        { label: "b", when: {} },
      ],
      next: "x",
    };
    const changed = withTarget(step, "a", null);
    expect(connectionsFrom(changed).map(({ outcome, to }) => [outcome, to])).toEqual([
      ["b", "x"],
      ["otherwise", "x"],
    ]);
  });

  test("in a definition, connecting and disconnecting change that step alone", () => {
    const definition: Definition = { name: "n", steps: [form, approval] };
    const connected = connect(definition, { from: "decide", outcome: "approved", to: "ask" });
    expect(connected.steps?.[0]).toBe(form);
    expect(connectionsOf(connected)).toContainEqual({ from: "decide", outcome: "approved", to: "ask" });
    expect(connectionsOf(disconnect(connected, { from: "decide", outcome: "approved" }))).not.toContainEqual({
      from: "decide",
      outcome: "approved",
      to: "ask",
    });
  });
});
