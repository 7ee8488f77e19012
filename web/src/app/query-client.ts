import { QueryClient } from "@tanstack/react-query";
import { Refused } from "~/shared/api/refused";

const TRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The live stream says when something has changed; this covers what it does not tell of.
      staleTime: 30_000,
      retry: (count, error) => error instanceof Refused && error.isPassing && count < TRIES - 1,
    },
  },
});
