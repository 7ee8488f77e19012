import { useMutation } from "@tanstack/react-query";
import type { InboxItem, Me, One } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";
import { useReadAgain } from "~/shared/work/completing";

/** The most items that one request names. */
const MOST = 100;

export type BulkAction = { action: "claim" | "release" } | { action: "choose"; path: string };
export interface Offer {
  do: BulkAction;
  ids: string[];
}
export interface BulkResult {
  id: string;
  ok: boolean;
  message?: string;
}

/** What can be done to the chosen items at once, each with those it can be done to. */
export function offersFor(chosen: InboxItem[], me: Pick<Me, "id">): Offer[] {
  const work = chosen.filter((item) => item.kind !== "entry" && item.group);
  const free = work.filter((item) => !item.claimed_by);
  const mine = work.filter((item) => item.claimed_by === me.id);
  const entries = chosen.filter((item) => item.kind === "entry");
  const offers: Offer[] = [
    { do: { action: "claim" }, ids: free.map((item) => item.id) },
    { do: { action: "release" }, ids: mine.map((item) => item.id) },
    ...commonPaths(entries).map(
      (path): Offer => ({ do: { action: "choose", path }, ids: entries.map(({ id }) => id) }),
    ),
  ];
  return offers.filter(({ ids }) => ids.length > 0);
}

/** Labels of the paths that all of these have, in the order of the first. */
function commonPaths(entries: InboxItem[]): string[] {
  const labels = (entry: InboxItem | undefined) => (entry?.paths ?? []).map((path) => path.label);
  return labels(entries[0]).filter((label) => entries.every((entry) => labels(entry).includes(label)));
}

/** Does one thing to many items; each has a result of its own. */
export function useBulk() {
  const readAgain = useReadAgain();
  return useMutation({
    mutationFn: async ({ ids, do: wanted }: Offer): Promise<BulkResult[]> => {
      const results: BulkResult[] = [];
      for (let from = 0; from < ids.length; from += MOST) {
        const body = { ids: ids.slice(from, from + MOST), do: { data: {}, ...wanted } };
        results.push(...(await answeredAs<One<BulkResult[]>>(api.POST("/api/v1/inbox/bulk", { body }))).data);
      }
      return results;
    },
    onSettled: () => void readAgain(),
  });
}
