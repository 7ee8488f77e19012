import { useCallback, useEffect, useRef, useState } from "react";
import { Refused } from "~/shared/api/refused";
import { useDraft } from "~/shared/drafts/drafts";
import { readTemplate, saveDraft, type Template } from "../api/templates";
import { isEqual } from "../definition/equal";
import type { Definition } from "../definition/shapes";
import { useDefinition, useDesignerStore } from "../store";
import { type Kept, keptName } from "./kept";

const SAVED_AFTER_MS = 900;
const TRIED_AGAIN_AFTER_MS = 5_000;

export type Saved = "saved" | "waiting" | "saving" | "offline" | "refused" | "stale";

export interface Saving {
  state: Saved;
  revision: number;
  /** What was last known to be on the server. */
  base: Definition;
  error: unknown;
  /** What somebody else has saved meanwhile. */
  theirs: Template | null;
  /** Saves what is not saved yet, at once; false when it could not be. */
  flush: () => Promise<boolean>;
  /** Goes on from another revision, with what is worked on as it is or as given. */
  goOn: (from: { revision: number; base: Definition; definition?: Definition }) => void;
  /** The revision and what is there, as of now rather than when this was drawn. */
  current: () => { revision: number; base: Definition };
  /** The server is at another revision by something else of the reader's own. */
  arrived: (at: { revision: number; base: Definition }) => void;
}

/** Keeps what is worked on: in this browser at each change, on the server as a draft a moment after the last. */
export function useSaving(begun: { revision: number; base: Definition }): Saving {
  const store = useDesignerStore();
  const { templateId } = store.getState();
  const definition = useDefinition();
  const kept = useDraft<Kept | null>(keptName(templateId), null);
  const [state, setState] = useState<Saved>("saved");
  const [error, setError] = useState<unknown>(null);
  const [theirs, setTheirs] = useState<Template | null>(null);
  const [at, setAt] = useState(begun);
  const now = useRef(at);
  const running = useRef<Promise<boolean> | null>(null);
  const { change: keep, forget } = kept;

  const arrive = useCallback((next: { revision: number; base: Definition }) => {
    now.current = next;
    setAt(next);
  }, []);

  const send = useCallback(async (): Promise<boolean> => {
    const sent = store.getState().history.present;
    if (isEqual(sent, now.current.base)) {
      setState("saved");
      forget();
      return true;
    }
    setState("saving");
    try {
      const { revision } = await saveDraft(templateId, sent, now.current.revision);
      arrive({ revision, base: sent });
      setError(null);
      const isNewest = store.getState().history.present === sent;
      setState(isNewest ? "saved" : "waiting");
      if (isNewest) forget();
      return isNewest;
    } catch (cause) {
      setError(cause);
      const isStale = cause instanceof Refused && cause.status === 409 && cause.code !== "archived";
      if (isStale) setTheirs(await readTemplate(templateId).catch(() => null));
      setState(isStale ? "stale" : cause instanceof Refused && !cause.isPassing ? "refused" : "offline");
      return false;
    }
  }, [store, templateId, arrive, forget]);

  const flush = useCallback(async (): Promise<boolean> => {
    while (running.current) await running.current;
    running.current = send().finally(() => {
      running.current = null;
    });
    return running.current;
  }, [send]);

  const isStale = state === "stale";
  useEffect(() => {
    if (isEqual(definition, now.current.base)) {
      if (!isStale) setState("saved");
      return;
    }
    keep({ definition, ...now.current });
    if (isStale) return;
    setState((before) => (before === "saving" ? before : "waiting"));
    const timer = window.setTimeout(() => void flush(), SAVED_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [definition, flush, keep, isStale]);

  useEffect(() => {
    if (state !== "offline") return;
    const timer = window.setTimeout(() => void flush(), TRIED_AGAIN_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [state, flush]);

  const goOn: Saving["goOn"] = ({ revision, base, definition: given }) => {
    arrive({ revision, base });
    setTheirs(null);
    setError(null);
    setState("waiting");
    if (given) store.getState().change(() => given);
  };
  return {
    state,
    revision: at.revision,
    base: at.base,
    error,
    theirs,
    flush,
    goOn,
    current: () => now.current,
    arrived: arrive,
  };
}
