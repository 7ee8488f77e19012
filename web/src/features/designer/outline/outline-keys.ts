import type { KeyboardEvent } from "react";
import { duplicateChosen, removeChosen, usualSpot } from "../adding";
import { moveStep } from "../definition/edits";
import type { Line } from "../definition/outline";
import type { DesignerStore, Spot } from "../store";

interface Tree {
  store: DesignerStore;
  lines: Line[];
  at: number;
  go: (index: number) => void;
}

/** What a key does in the outline. */
export function pressed(event: KeyboardEvent, tree: Tree): void {
  if (event.ctrlKey || event.metaKey) return;
  const act = event.altKey ? moving(event.key, tree) : going(event.key, tree);
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

function going(key: string, { store, lines, at, go }: Tree): (() => void) | null {
  const line = lines[at];
  switch (key) {
    case "ArrowDown":
      return () => go(at + 1);
    case "ArrowUp":
      return () => go(at < 0 ? 0 : at - 1);
    case "Home":
      return () => go(0);
    case "End":
      return () => go(lines.length - 1);
    case "ArrowLeft":
      return () => go(parentOf(lines, at));
    case "ArrowRight":
      return () => go(line && (lines[at + 1]?.level ?? 0) > line.level ? at + 1 : at);
    case "Enter":
    case " ":
      return () =>
        line?.kind === "end" ? store.setState({ adding: spotAfter(store.getState(), line) }) : focusInspector();
    case "a":
      return () => store.setState((now) => ({ adding: line ? spotAfter(now, line) : usualSpot(now) }));
    case "b":
      return line?.kind === "step" ? () => store.setState({ adding: { before: line.id } }) : null;
    case "d":
      return () => duplicateChosen(store);
    case "Delete":
    case "Backspace":
      return line?.kind === "step" ? () => removeChosen(store) : null;
    default:
      return null;
  }
}

function moving(key: string, { store, lines, at }: Tree): (() => void) | null {
  const line = lines[at];
  const places = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (!places || !line) return null;
  return () => store.getState().change((definition) => moveStep(definition, line.id, places));
}

/** Where a step goes that is added at a line: where the line ends, or after its step. */
export function spotAfter(now: Parameters<typeof usualSpot>[0], line: Line): Spot {
  return line.kind === "end" && line.from ? { after: line.from } : usualSpot({ ...now, chosen: [line.id] });
}

function parentOf(lines: Line[], at: number): number {
  const level = lines[at]?.level ?? 1;
  const found = lines.slice(0, Math.max(at, 0)).findLastIndex((line) => line.level < level);
  return found < 0 ? 0 : found;
}

/** Puts the focus into the first field of what is beside the outline. */
export function focusInspector(): void {
  window.setTimeout(() => document.querySelector<HTMLElement>("[data-inspector] input")?.focus(), 0);
}
