import { create } from "zustand";

/** `live`: news arrive as they happen. `delayed`: the stream is down, screens are read again every so often. */
export type LiveState = "connecting" | "live" | "delayed";

export const useLiveState = create<{ state: LiveState }>(() => ({ state: "connecting" }));

export function setLiveState(state: LiveState): void {
  useLiveState.setState({ state });
}
