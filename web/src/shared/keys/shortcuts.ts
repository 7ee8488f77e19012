import { useEffect, useLayoutEffect } from "react";
import { create } from "zustand";

/** A key and what it does on the present screen. `keys` is one key, or two in a row as in `g i`. */
export interface Shortcut {
  keys: string;
  does: string;
  run: () => void;
}

interface Registered {
  groups: Map<symbol, { title: string; shortcuts: Shortcut[] }>;
}

export const useShortcutList = create<Registered>(() => ({ groups: new Map() }));

const SECOND_KEY_WITHIN_MS = 1_200;

/** Whether a key belongs to what is being typed, or to a dialog that is open above the screen. */
export function isTaken(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, [role=dialog], [role=menu]") !== null;
}

/** Offers shortcuts for as long as the component is shown; the list behind `?` shows them under `title`. */
export function useShortcuts(title: string, shortcuts: Shortcut[]): void {
  // Before the next paint: a key pressed at what has just appeared must not find what was there before.
  useLayoutEffect(() => {
    const id = Symbol(title);
    useShortcutList.setState(({ groups }) => ({ groups: new Map(groups).set(id, { title, shortcuts }) }));
    return () =>
      useShortcutList.setState(({ groups }) => {
        const left = new Map(groups);
        left.delete(id);
        return { groups: left };
      });
  }, [title, shortcuts]);
}

let begun = "";
let begunAt = 0;

/** The shortcut that a key means after the one before it; a group added later wins. */
export function meant(key: string, at: number, groups: Iterable<{ shortcuts: Shortcut[] }>): Shortcut | null {
  const all = [...groups].reverse().flatMap((group) => group.shortcuts);
  const both = at - begunAt < SECOND_KEY_WITHIN_MS && begun ? `${begun} ${key}` : "";
  const found = all.find((s) => s.keys === both) ?? all.find((s) => s.keys === key) ?? null;
  begun = found ? "" : key;
  begunAt = at;
  return found;
}

/** Listens for the keys of all shortcuts. Once, at the root. */
export function useShortcutKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTaken(event.target)) return;
      const found = meant(event.key, event.timeStamp, useShortcutList.getState().groups.values());
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
