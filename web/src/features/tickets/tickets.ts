import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Comment, HistoryEvent, Page, Ticket, TicketInFull } from "~/shared/api/answers";
import { answered, answeredAs, api } from "~/shared/api/client";
import type { TicketSearch } from "./search";

const PAGE = 100;

/** The tickets that the filters leave, page by page. */
export function useTickets(search: TicketSearch) {
  const asked = useInfiniteQuery({
    queryKey: ["tickets", "list", search],
    queryFn: ({ pageParam }) => {
      const query = { ...search, limit: PAGE, page: pageParam };
      return answered(api.GET("/api/v1/tickets", { params: { query } }));
    },
    initialPageParam: 1,
    getNextPageParam: ({ meta }) => (meta.page < meta.total_pages ? meta.page + 1 : undefined),
    placeholderData: (before) => before,
  });
  const pages = asked.data?.pages ?? [];
  const tickets = [...new Map(pages.flatMap((page) => page.data).map((ticket) => [ticket.id, ticket])).values()];
  return { ...asked, tickets, total: pages[0]?.meta.total ?? 0 };
}

/** What was said on a ticket, oldest first. */
export function useComments(id: string) {
  return useInfiniteQuery({
    queryKey: ["ticket", id, "comments"],
    queryFn: ({ pageParam }) => {
      const params = { path: { id }, query: { limit: PAGE, page: pageParam, order: "asc" } } as const;
      return answered(api.GET("/api/v1/tickets/{id}/comments", { params }));
    },
    initialPageParam: 1,
    getNextPageParam: ({ meta }) => (meta.page < meta.total_pages ? meta.page + 1 : undefined),
    select: ({ pages }): Comment[] => pages.flatMap((page) => page.data),
  });
}

/** What has happened to a ticket, newest first. */
export function useHistory(id: string) {
  return useInfiniteQuery({
    queryKey: ["ticket", id, "history"],
    queryFn: ({ pageParam }) => {
      const params = { path: { id }, query: { limit: PAGE, page: pageParam, order: "desc" } } as const;
      return answeredAs<Page<HistoryEvent>>(api.GET("/api/v1/tickets/{id}/history", { params }));
    },
    initialPageParam: 1,
    getNextPageParam: ({ meta }) => (meta.page < meta.total_pages ? meta.page + 1 : undefined),
    select: ({ pages }) => pages.flatMap((page) => page.data),
  });
}

/** Says something on a ticket. The key makes a second try the same comment. */
export function useAddComment(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ key, ...body }: { key: string; text: string; visibility: "public" | "internal" }) => {
      const params = { path: { id }, header: { "Idempotency-Key": key } };
      return answered(api.POST("/api/v1/tickets/{id}/comments", { params, body }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["ticket"] }),
  });
}

export interface TicketChanges {
  status?: Ticket["status"];
  priority?: Ticket["priority"];
  assignee?: string | null;
  group?: string | null;
}

/** Changes a ticket's properties; shown at once, and taken back when it was refused. */
export function useChangeTicket(id: string) {
  const client = useQueryClient();
  const key = ["ticket", id];
  return useMutation({
    mutationFn: (body: TicketChanges) =>
      answered(api.PATCH("/api/v1/tickets/{id}", { params: { path: { id } }, body: { ...body } })),
    onMutate: async (changes) => {
      await client.cancelQueries({ queryKey: key, exact: true });
      const before = client.getQueryData<TicketInFull>(key);
      if (before) client.setQueryData(key, { ...before, ...changes });
      return before;
    },
    onError: (_error, _changes, before) => client.setQueryData(key, before),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["ticket"] });
      void client.invalidateQueries({ queryKey: ["tickets"] });
    },
  });
}

export interface NewTicket {
  type: Ticket["type"];
  title: string;
  description?: string;
  priority: Ticket["priority"];
  subtype?: string;
}

/** Opens a ticket. The key makes a second try the same ticket. */
export function useOpenTicket() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ key, ...body }: NewTicket & { key: string }) =>
      answered(api.POST("/api/v1/tickets", { params: { header: { "Idempotency-Key": key } }, body: { ...body } })),
    onSuccess: () => Promise.all(["tickets", "inbox"].map((word) => client.invalidateQueries({ queryKey: [word] }))),
  });
}
