import { queryOptions, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { One, Page } from "~/shared/api/answers";
import { answered, answeredAs, api } from "~/shared/api/client";
import { Refused } from "~/shared/api/refused";
import type { NewDispatch } from "./composed";
import type { BoardSearch } from "./search";
import type { TaskState } from "./task";

const PAGE = 30;
export const RECIPIENTS_A_PAGE = 50;
const TEMPLATES = 100;
type Named = { id: string; name: string };

export interface Dispatch {
  id: string;
  template: Named;
  title: string;
  to: string | string[];
  attributes: Record<string, unknown>;
  due_at: string | null;
  sender: Named | null;
  sent_by: "person" | "script";
  sent_at: string;
  status: "active" | "retired";
  run: { id: string; status: string };
  counts: {
    total: number;
    active: number;
    retired: number;
    unreached: number;
    tasks: Partial<Record<TaskState, number>>;
  };
}
export interface Recipient {
  id: string;
  user: { id: string; name: string; email: string };
  status: "active" | "retired" | "unreached";
  task: TaskState;
  locked_by: { id: string | null; name: string | null } | null;
  step_id: string | null;
  label: string | null;
  changed_at: string;
}
export interface DispatchInFull extends Dispatch {
  data: Record<string, unknown>;
  recipients: Recipient[];
}
export interface Variable {
  type?: string | string[];
  required?: boolean;
  default?: unknown;
  description?: string;
}
export interface Sendable extends Named {
  description: string | null;
  variables: Record<string, Variable>;
}

/** What was sent, the latest first, page by page. */
export function useDispatches(q: string | undefined) {
  const asked = useInfiniteQuery({
    queryKey: ["dispatches", "list", q],
    queryFn: ({ pageParam }) => {
      const query = { q, limit: PAGE, page: pageParam };
      return answeredAs<Page<Dispatch>>(api.GET("/api/v1/dispatches", { params: { query } }));
    },
    initialPageParam: 1,
    getNextPageParam: ({ meta }) => (meta.page < meta.total_pages ? meta.page + 1 : undefined),
    placeholderData: (before) => before,
  });
  const pages = asked.data?.pages ?? [];
  const sent = [...new Map(pages.flatMap((page) => page.data).map((one) => [one.id, one])).values()];
  return { ...asked, sent, total: pages[0]?.meta.total };
}

/** One message and a page of those it was sent to. */
export const boardQuery = (id: string, { task, page = 1 }: BoardSearch) =>
  queryOptions({
    queryKey: ["dispatches", id, task, page],
    queryFn: () => {
      const query = { task, page, limit: RECIPIENTS_A_PAGE };
      const params = { path: { id }, query };
      return answeredAs<One<DispatchInFull> & Pick<Page<never>, "meta">>(
        api.GET("/api/v1/dispatches/{id}", { params }),
      );
    },
    placeholderData: (before) => before,
    retry: (count, error) => error instanceof Refused && error.isPassing && count < 2,
  });

/** What can be sent, by name. */
export function useSendable() {
  return useQuery({
    queryKey: ["templates", "sendable"],
    queryFn: async () => {
      const query = { limit: TEMPLATES, order: "asc" } as const;
      return (await answeredAs<Page<Sendable>>(api.GET("/api/v1/dispatches/templates", { params: { query } }))).data;
    },
  });
}

/** Sends a message. The key makes a second try the same message. */
export function useSend() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ key, body }: { key: string; body: NewDispatch }) => {
      const params = { header: { "Idempotency-Key": key } };
      return answeredAs<One<{ dispatch: Dispatch }>>(api.POST("/api/v1/dispatches", { params, body }));
    },
    onSuccess: () => Promise.all(["dispatches", "inbox"].map((word) => client.invalidateQueries({ queryKey: [word] }))),
  });
}

/** Ends a message at once. */
export function useCancel(runId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (reason: string) =>
      answered(api.POST("/api/v1/workflows/{id}/cancel", { params: { path: { id: runId } }, body: { reason } })),
    onSettled: () => Promise.all(["dispatches", "inbox"].map((word) => client.invalidateQueries({ queryKey: [word] }))),
  });
}

export interface Reach {
  count: number;
  users: { id: string; name: string; email: string }[];
  description: string;
  warnings: { message: string }[];
}

/** Whom a rule means just now; refused with the place of what cannot be read. */
export function useReach(query: string, context: Record<string, unknown>) {
  return useQuery({
    queryKey: ["reach", query, context],
    queryFn: async ({ signal }) => {
      const body = { query, context };
      return (await answeredAs<One<Reach>>(api.POST("/api/v1/user-queries/preview", { body, signal }))).data;
    },
    enabled: query.trim() !== "",
    retry: (count, error) => error instanceof Refused && error.isPassing && count < 2,
    staleTime: 10_000,
  });
}
