import { createContext, useContext } from "react";
import { createStore, type StoreApi, useStore } from "zustand";
import type { Arrangement } from "./canvas/arrange";
import { begun, changed, type History, redone, settled, undone } from "./definition/history";
import { type Problem, problemsByStep } from "./definition/problems";
import { type Definition, type Layout, type Step, stepsOf, type Way } from "./definition/shapes";

/** Where a new step is to go. */
export type Spot = { after: Way } | { before: string } | { first: true };

export interface Designer {
  templateId: string;
  history: History<Definition>;
  /** The ids of the chosen steps; the inspector shows the only one. */
  chosen: string[];
  problems: Problem[];
  byStep: Map<string, Problem[]>;
  sound: boolean;
  checking: "never" | "running" | "done" | "failed";
  /** Places for cards that have none in the definition; never saved, so that looking changes nothing. */
  arranged: Layout | null;
  /** The newest tidy arrangement, for the ways its connections take. */
  routes: Arrangement | null;
  /** Where the question what to add is about; null while it is not asked. */
  adding: Spot | null;
  /** The way a trial took: the steps it went through and the outcomes it took, as `from/outcome`. */
  lit: { steps: Set<string>; ways: Set<string>; at: string | null } | null;
  change: (edit: (definition: Definition) => Definition, merge?: string) => void;
  choose: (ids: string[]) => void;
  undo: () => void;
  redo: () => void;
  settle: () => void;
}

export type DesignerStore = StoreApi<Designer>;

const NO_PROBLEMS: Problem[] = [];

/** The state of one open designer. */
export function createDesigner(templateId: string, definition: Definition, problems: Problem[]): DesignerStore {
  return createStore<Designer>((set) => ({
    templateId,
    history: begun(definition),
    chosen: [],
    problems,
    byStep: problemsByStep(
      problems,
      stepsOf(definition).map(({ id }) => id),
    ),
    sound: false,
    checking: "never",
    arranged: null,
    routes: null,
    adding: null,
    lit: null,
    change: (edit, merge) =>
      set(({ history, chosen }) => {
        const after = changed(history, edit(history.present), merge ?? null);
        return { history: after, chosen: still(chosen, after.present) };
      }),
    choose: (chosen) => set((now) => (same(now.chosen, chosen) ? now : { chosen, history: settled(now.history) })),
    undo: () => set(({ history, chosen }) => travelled(undone(history), chosen)),
    redo: () => set(({ history, chosen }) => travelled(redone(history), chosen)),
    settle: () => set(({ history }) => ({ history: settled(history) })),
  }));
}

function travelled(history: History<Definition>, chosen: string[]) {
  return { history, chosen: still(chosen, history.present) };
}

function still(chosen: string[], definition: Definition): string[] {
  const ids = new Set(stepsOf(definition).map(({ id }) => id));
  return chosen.every((id) => ids.has(id)) ? chosen : chosen.filter((id) => ids.has(id));
}

function same(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

const Context = createContext<DesignerStore | null>(null);
export const DesignerProvider = Context.Provider;

/** The designer this component is in. */
export function useDesignerStore(): DesignerStore {
  const store = useContext(Context);
  if (!store) throw new Error("this is part of a designer");
  return store;
}

/** A part of the designer's state. */
export function useDesigner<T>(select: (designer: Designer) => T): T {
  return useStore(useDesignerStore(), select);
}

/** The definition as it is now. */
export function useDefinition(): Definition {
  return useDesigner(({ history }) => history.present);
}

/** One step; undefined when there is none of that id. */
export function useStep(id: string): Step | undefined {
  return useDesigner(({ history }) => stepById(history.present, id));
}

/** What is wrong with one step; with "", with the whole. */
export function useProblems(id: string): Problem[] {
  return useDesigner(({ byStep }) => byStep.get(id) ?? NO_PROBLEMS);
}

/** Changing the definition; changes of the same name in a row are undone as one. */
export function useChange(): Designer["change"] {
  return useDesigner(({ change }) => change);
}

const byId = new WeakMap<Definition, Map<string, Step>>();

/** A step by its id, found at once however many there are. */
export function stepById(definition: Definition, id: string): Step | undefined {
  let steps = byId.get(definition);
  if (!steps) {
    steps = new Map(stepsOf(definition).map((step) => [step.id, step]));
    byId.set(definition, steps);
  }
  return steps.get(id);
}
