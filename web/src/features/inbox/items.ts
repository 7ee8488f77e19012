import { type InfiniteData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { InboxItem, InboxItemInFull, ItemKind, Me, Page } from "~/shared/api/answers";
import { answered, answeredAs, api } from "~/shared/api/client";
import { useReadAgain } from "~/shared/work/completing";
import type { InboxSearch } from "./search";

const PAGE = 50;
type Counts = { counts?: Partial<Record<ItemKind, number>> };
type ItemPage = Page<InboxItem, Counts>;

/** What waits (or what I have done), page by page, with counts by kind. */
export function useItems(search: InboxSearch) {
  const asked = useInfiniteQuery({
    queryKey: ["inbox", "list", search],
    queryFn: ({ pageParam }) => {
      const query = { ...search, limit: PAGE, page: pageParam };
      return answeredAs<ItemPage>(api.GET("/api/v1/inbox", { params: { query } }));
    },
    initialPageParam: 1,
    getNextPageParam: ({ meta }) => (meta.page < meta.total_pages ? meta.page + 1 : undefined),
    placeholderData: (before) => before,
  });
  const pages = asked.data?.pages ?? [];
  // An item that came meanwhile moves the others on, so that one may be on two pages.
  const items = [...new Map(pages.flatMap((page) => page.data).map((item) => [item.id, item])).values()];
  return { ...asked, items, total: pages[0]?.meta.total ?? 0, counts: pages[0]?.meta.counts };
}

/** Takes an item out of the lists at once; they are read again anyway. */
export function useLeaveList() {
  const client = useQueryClient();
  return (id: string) =>
    client.setQueriesData<InfiniteData<ItemPage>>(
      { queryKey: ["inbox", "list"] },
      (data) =>
        data && { ...data, pages: data.pages.map((page) => ({ ...page, data: page.data.filter((i) => i.id !== id) })) },
    );
}

/** Takes a group's work, or gives it back. Shown at once, and taken back when it was refused. */
export function useClaim(id: string, me: Me) {
  const client = useQueryClient();
  const readAgain = useReadAgain();
  return useMutation({
    mutationFn: (take: boolean) => {
      const params = { path: { id } };
      return answered(
        take ? api.POST("/api/v1/inbox/{id}/claim", { params }) : api.POST("/api/v1/inbox/{id}/release", { params }),
      );
    },
    onMutate: (take) => {
      const before = client.getQueryData<InboxItemInFull>(["item", id]);
      const holder = take ? { id: me.id, name: me.name } : null;
      if (before) client.setQueryData(["item", id], { ...before, locked_by: holder, claimed_by: holder?.id ?? null });
      return before;
    },
    onError: (_error, _take, before) => client.setQueryData(["item", id], before),
    onSettled: () => void readAgain(),
  });
}
