import { expect, test } from "vitest";
import { idsIn, withNames } from "./called";

const AISHA = "01a1ff30-1c8b-7f01-a3d6-24e3675c5714";
const GROUP = "01a1ff30-1c92-7a20-8659-8eeaed80f4c7";
const TEXT = `Lea: assignee none → ${AISHA}, group none → ${GROUP}, assignee ${AISHA}`;

test("the ids in texts are found, each once", () => {
  expect(idsIn([TEXT, "nothing here"])).toEqual([AISHA, GROUP]);
});

test("ids are replaced by names, those without one stay", () => {
  expect(withNames(TEXT, new Map([[AISHA, "Aisha Bello"]]))).toBe(
    `Lea: assignee none → Aisha Bello, group none → ${GROUP}, assignee Aisha Bello`,
  );
});
