import { notifications } from "@mantine/notifications";
import { useEffect, useMemo } from "react";
import { isTaken, useShortcuts } from "~/shared/keys/shortcuts";
import { duplicateChosen, removeChosen, usualSpot } from "./adding";
import { copied, pasted, stepsIn } from "./definition/copying";
import { growingPoint } from "./definition/outline";
import { isDrawable } from "./definition/shapes";
import { type DesignerStore, useDesignerStore } from "./store";
import type { Panel } from "./top/panels";
import { useDesignerWords, wordsOf } from "./words/words";

/** The designer's keys: undo and redo, the clipboard, and one letter for each frequent edit. */
export function useDesignerKeys({ open }: { open: (panel: Panel) => void }): void {
  const t = useDesignerWords();
  const store = useDesignerStore();
  const shortcuts = useMemo(
    () => [
      { keys: "a", does: t("keys.add"), run: () => store.setState((now) => ({ adding: usualSpot(now) })) },
      { keys: "d", does: t("keys.duplicate"), run: () => duplicateChosen(store) },
      { keys: "Delete", does: t("keys.remove"), run: () => removeChosen(store) },
      { keys: "Backspace", does: t("keys.remove"), run: () => removeChosen(store) },
      { keys: "t", does: t("keys.try"), run: () => open("try") },
      { keys: "p", does: t("keys.publish"), run: () => open("publish") },
    ],
    [t, store, open],
  );
  useShortcuts(t("keys.title"), shortcuts);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || isTaken(event.target)) return;
      const { undo, redo } = store.getState();
      const key = event.key.toLowerCase();
      const act = key === "y" || (key === "z" && event.shiftKey) ? redo : key === "z" ? undo : null;
      if (!act) return;
      event.preventDefault();
      act();
    };
    const copy = (event: ClipboardEvent) => {
      const { chosen, history } = store.getState();
      const hasText = (window.getSelection()?.toString() ?? "") !== "";
      if (isTaken(event.target) || hasText || chosen.length === 0) return;
      event.clipboardData?.setData("text/plain", copied(history.present, chosen));
      event.preventDefault();
      notifications.show({ message: wordsOf("keys.copied", { count: chosen.length }) });
    };
    const paste = (event: ClipboardEvent) => {
      if (isTaken(event.target)) return;
      pasteSteps(store, event.clipboardData?.getData("text/plain") ?? "");
    };
    document.addEventListener("keydown", press);
    document.addEventListener("copy", copy);
    document.addEventListener("paste", paste);
    return () => {
      document.removeEventListener("keydown", press);
      document.removeEventListener("copy", copy);
      document.removeEventListener("paste", paste);
    };
  }, [store]);
}

function pasteSteps(store: DesignerStore, text: string): void {
  const { history, chosen, change, choose } = store.getState();
  const steps = stepsIn(text);
  if (!steps) {
    notifications.show({ message: wordsOf("keys.nothingToPaste") });
    return;
  }
  if (!isDrawable(history.present)) return;
  const after = chosen.length > 0 ? growingPoint(history.present, chosen.at(-1) ?? null) : null;
  const result = pasted(history.present, steps, after);
  change(() => result.definition);
  choose(result.ids);
}
