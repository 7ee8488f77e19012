import { useCallback, useEffect, useRef, useState } from "react";

const PREFIX = "wayline-draft:";
const SAVED_AFTER_MS = 250;

/** What was typed under a name, or null. A draft that cannot be read is as good as none. */
export function readDraft<T>(name: string): T | null {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return kept === null ? null : (JSON.parse(kept) as T);
  } catch {
    return null;
  }
}

function writeDraft(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Without storage the text lives as long as the page does.
  }
}

/** Keeps a draft that another screen is to find. */
export function keepDraft(name: string, value: object): void {
  writeDraft(name, value);
}

/** Forgets what was kept under a name. */
export function forgetDraft(name: string): void {
  writeDraft(name, null);
}

/** Forget every draft of this browser. */
export function forgetDrafts(): void {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  } catch {
    // Nothing was kept.
  }
}

/**
 * State that outlives the page: a value kept under `name` until `forget` is called.
 * `initial` must be the same for the same name. `restored`: it was found, not begun.
 */
export function useDraft<T>(name: string, initial: T) {
  const [found] = useState(() => readDraft<T>(name));
  const [value, setValue] = useState<T>(found ?? initial);
  const waiting = useRef<{ value: T } | null>(null);

  const save = useCallback(() => {
    if (waiting.current) writeDraft(name, waiting.current.value);
    waiting.current = null;
  }, [name]);

  useEffect(() => {
    window.addEventListener("pagehide", save);
    return () => {
      window.removeEventListener("pagehide", save);
      save();
    };
  }, [save]);

  const timer = useRef<number | undefined>(undefined);
  const change = useCallback(
    (next: T) => {
      setValue(next);
      waiting.current = { value: next };
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(save, SAVED_AFTER_MS);
    },
    [save],
  );
  const forget = useCallback(() => {
    window.clearTimeout(timer.current);
    waiting.current = null;
    writeDraft(name, null);
    setValue(initial);
  }, [name, initial]);

  return { value, change, forget, restored: found !== null };
}
