import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { InboxItemInFull, One } from "~/shared/api/answers";
import { answered, answeredAs, api } from "~/shared/api/client";
import { Refused } from "~/shared/api/refused";

/** One item of the inbox with what it asks for; refused as not found when it is not the caller's to do. */
export const itemQuery = (id: string) =>
  queryOptions({
    queryKey: ["item", id],
    queryFn: async () =>
      (await answeredAs<One<InboxItemInFull>>(api.GET("/api/v1/inbox/{id}", { params: { path: { id } } }))).data,
    retry: (count, error) => error instanceof Refused && error.isPassing && count < 2,
  });

/** What a person answers: a form's values, a decision and why, or where it goes. */
export interface Answer {
  form_data?: Record<string, unknown>;
  decision?: "approve" | "reject";
  comment?: string;
  option?: string;
}

const TOUCHED = ["inbox", "item", "runs", "ticket", "tickets"];

/** Everything that work done, taken or given back may have changed is read again. */
export function useReadAgain() {
  const client = useQueryClient();
  return () => Promise.all(TOUCHED.map((word) => client.invalidateQueries({ queryKey: [word] })));
}

/** Completes an item. What is on the screens is read again whether or not it went well: if not, they were out of date. */
export function useComplete(id: string) {
  const readAgain = useReadAgain();
  return useMutation({
    mutationKey: ["complete", id],
    mutationFn: (body: Answer) => answered(api.POST("/api/v1/inbox/{id}/complete", { params: { path: { id } }, body })),
    onSuccess: () => void readAgain(),
    onError: (error) => {
      if (error instanceof Refused && (error.status === 404 || error.status === 409)) void readAgain();
    },
  });
}

/** Chooses an entry's path. */
export function useChoose(id: string) {
  const readAgain = useReadAgain();
  return useMutation({
    mutationKey: ["complete", id],
    mutationFn: (path: string) =>
      answered(api.POST("/api/v1/inbox/{id}/choose", { params: { path: { id } }, body: { path } })),
    onSettled: () => void readAgain(),
  });
}
