import { expect, test, vi } from "vitest";
import { meant } from "./shortcuts";

const shortcut = (keys: string) => ({ keys, does: keys, run: vi.fn() });

test("two keys in a row mean their own shortcut, one alone another", () => {
  const groups = [{ shortcuts: [shortcut("g i"), shortcut("i")] }];
  expect(meant("g", 10_000, groups)).toBeNull();
  expect(meant("i", 10_500, groups)?.keys).toBe("g i");
  expect(meant("i", 11_000, groups)?.keys).toBe("i");
});

test("a second key that comes late stands alone", () => {
  const groups = [{ shortcuts: [shortcut("g i")] }];
  meant("g", 20_000, groups);
  expect(meant("i", 25_000, groups)).toBeNull();
});

test("the screen's own shortcut wins over the shell's", () => {
  const shell = shortcut("c");
  const screen = shortcut("c");
  expect(meant("c", 30_000, [{ shortcuts: [shell] }, { shortcuts: [screen] }])).toBe(screen);
});
