import { useEffect } from "react";
import { checkDefinition } from "../api/templates";
import { problemsByStep } from "../definition/problems";
import { stepsOf } from "../definition/shapes";
import { useDefinition, useDesignerStore } from "../store";

const CHECKED_AFTER_MS = 120;

/** Has the definition checked a moment after each change; the newest answer counts. */
export function useChecking(): void {
  const store = useDesignerStore();
  const definition = useDefinition();
  useEffect(() => {
    const asking = new AbortController();
    const timer = window.setTimeout(async () => {
      store.setState({ checking: "running" });
      try {
        const { problems, sound } = await checkDefinition(store.getState().templateId, definition, asking.signal);
        const byStep = problemsByStep(
          problems,
          stepsOf(definition).map(({ id }) => id),
        );
        if (!asking.signal.aborted) store.setState({ problems, byStep, sound, checking: "done" });
      } catch {
        if (!asking.signal.aborted) store.setState({ checking: "failed" });
      }
    }, CHECKED_AFTER_MS);
    return () => {
      window.clearTimeout(timer);
      asking.abort();
    };
  }, [definition, store]);
}
