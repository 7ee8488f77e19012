import { useSyncExternalStore } from "react";

const EVERY_MS = 30_000;
let now = Date.now();

function subscribe(changed: () => void): () => void {
  const timer = window.setInterval(() => {
    now = Date.now();
    changed();
  }, EVERY_MS);
  return () => window.clearInterval(timer);
}

/** The present in milliseconds, renewed twice a minute. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
