import { expect, test } from "vitest";
import { begun, changed, redone, settled, undone } from "./history";

test("changes are taken back and made again, one at a time", () => {
  const history = changed(changed(begun("a"), "b"), "c");
  expect(undone(history).present).toBe("b");
  expect(undone(undone(undone(history))).present).toBe("a");
  expect(redone(undone(history)).present).toBe("c");
  expect(redone(history)).toBe(history);
});

test("what was taken back is gone once something else is done", () => {
  const history = changed(undone(changed(begun("a"), "b")), "c");
  expect(redone(history).present).toBe("c");
  expect(undone(history).present).toBe("a");
});

test("changes of one name in a row are one change, until something settles them", () => {
  const typing = changed(changed(begun(""), "h", "name"), "hi", "name");
  expect(undone(typing).present).toBe("");
  const again = changed(settled(typing), "hi!", "name");
  expect(undone(again).present).toBe("hi");
});

test("a change that changes nothing is none", () => {
  const history = begun("a");
  expect(changed(history, "a")).toBe(history);
});

test("only so many are kept", () => {
  let history = begun(0);
  for (let n = 1; n <= 500; n++) history = changed(history, n);
  expect(history.past).toHaveLength(200);
  expect(undone(history).present).toBe(499);
});
