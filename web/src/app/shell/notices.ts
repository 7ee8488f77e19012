import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Notification, Page } from "~/shared/api/answers";
import { answered, answeredAs, api } from "~/shared/api/client";

const SHOWN = 15;

/** The latest notices, and how many are unread. */
export function useNotices() {
  return useQuery({
    queryKey: ["notifications"],
    queryFn: () =>
      answeredAs<Page<Notification, { unread: number }>>(
        api.GET("/api/v1/notifications", { params: { query: { limit: SHOWN } } }),
      ),
  });
}

/** Marks notices as read: some, or all. */
export function useMarkRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ids: string[] | "all") =>
      answered(api.POST("/api/v1/notifications/read", { body: ids === "all" ? { all: true } : { ids, all: false } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["notifications"] }),
  });
}
