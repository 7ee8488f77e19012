import type { QueryClient } from "@tanstack/react-query";
import { type LiveState, setLiveState } from "./live-state";
import { KINDS, madeStaleBy } from "./what-changed";

const CHANNEL = "wayline-live";
const GATHERED_MS = 150;
const READ_AGAIN_MS = 30_000;

type Told = { kind: string } | { state: LiveState } | { ask: true };

/**
 * Keeps the screens of this browser up to date, until the returned function is called.
 *
 * All tabs share one stream: whichever holds the lock listens, and passes the news on. Without locks (a page that was
 * not served securely) a tab listens for itself.
 */
export function followLive(client: QueryClient): () => void {
  const ended = new AbortController();
  const channel = new BroadcastChannel(CHANNEL);
  const hear = gathered(client);
  let state: LiveState = "connecting";
  let listens = false;

  const show = (next: LiveState) => {
    // News were missed while there was no stream.
    if (next === "live" && state === "delayed") void client.invalidateQueries();
    state = next;
    setLiveState(next);
  };
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if ("kind" in data) hear(data.kind);
    else if ("state" in data) show(data.state);
    else if (listens) channel.postMessage({ state } satisfies Told);
  };
  channel.postMessage({ ask: true } satisfies Told);

  const listen = () =>
    new Promise<void>((resolve) => {
      listens = true;
      const tell = (told: { kind: string } | { state: LiveState }) => {
        if ("kind" in told) hear(told.kind);
        else show(told.state);
        channel.postMessage(told);
      };
      const close = openStream(tell);
      ended.signal.addEventListener("abort", () => {
        close();
        resolve();
      });
    });
  if (navigator.locks) {
    navigator.locks.request(CHANNEL, { signal: ended.signal }, listen).catch(() => undefined);
  } else {
    void listen();
  }

  const again = window.setInterval(() => {
    if (state !== "live") void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "me" });
  }, READ_AGAIN_MS);
  return () => {
    ended.abort();
    channel.close();
    window.clearInterval(again);
  };
}

function openStream(tell: (told: { kind: string } | { state: LiveState }) => void): () => void {
  const stream = new EventSource("/api/v1/live");
  stream.addEventListener("hello", () => tell({ state: "live" }));
  stream.addEventListener("reset", () => {
    tell({ state: "delayed" });
    tell({ state: "live" });
  });
  stream.onerror = () => tell({ state: "delayed" });
  for (const kind of KINDS) stream.addEventListener(kind, () => tell({ kind }));
  return () => stream.close();
}

/** Reads again what news have made stale, once for many that arrive together. */
function gathered(client: QueryClient): (kind: string) => void {
  const stale = new Set<string>();
  let waiting = false;
  return (kind) => {
    for (const word of madeStaleBy(kind)) stale.add(word);
    if (waiting) return;
    waiting = true;
    window.setTimeout(() => {
      waiting = false;
      for (const word of stale) void client.invalidateQueries({ queryKey: [word] });
      stale.clear();
    }, GATHERED_MS);
  };
}
