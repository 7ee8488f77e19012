import type { Arrangement, Sketch } from "./arrange";

let worker: Worker | null = null;
let tickets = 0;
const waiting = new Map<number, { done: (arrangement: Arrangement) => void; failed: (cause: Error) => void }>();

/** A tidy place for each card, found beside the page so that it stays quick. */
export function tidied(sketch: Sketch): Promise<Arrangement> {
  const running = started();
  const ticket = ++tickets;
  return new Promise((done, failed) => {
    waiting.set(ticket, { done, failed });
    running.postMessage({ ticket, sketch });
  });
}

function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./arrange.worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<{ ticket: number; arrangement: Arrangement }>) => {
    waiting.get(data.ticket)?.done(data.arrangement);
    waiting.delete(data.ticket);
  };
  worker.onerror = (event) => {
    for (const { failed } of waiting.values()) failed(new Error(event.message || "the layout could not be found"));
    waiting.clear();
    worker?.terminate();
    worker = null;
  };
  return worker;
}
