import { useQuery } from "@tanstack/react-query";
import type { InboxItem, Page } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";

/** How many items wait for the person; undefined until that is known. */
export function useInboxCount(): number | undefined {
  const { data } = useQuery({
    queryKey: ["inbox", "count"],
    queryFn: () => answeredAs<Page<InboxItem>>(api.GET("/api/v1/inbox", { params: { query: { limit: 1 } } })),
  });
  return data?.meta.total;
}
