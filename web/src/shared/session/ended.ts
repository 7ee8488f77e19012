import { create } from "zustand";

interface SessionState {
  /** The server has said that nobody is signed in. */
  ended: boolean;
}

export const useSessionState = create<SessionState>(() => ({ ended: false }));

/** To be called when an answer says that nobody is known to be asking. */
export function sessionEnded(): void {
  useSessionState.setState({ ended: true });
}

/** To be called after signing in. */
export function sessionBegun(): void {
  useSessionState.setState({ ended: false });
}
