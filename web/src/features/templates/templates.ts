import { useInfiniteQuery } from "@tanstack/react-query";
import { answered, api } from "~/shared/api/client";
import type { TemplateSearch } from "./search";

const PAGE = 50;

/** The desk's workflows, newest first, page by page. */
export function useTemplates({ q, status }: TemplateSearch) {
  const asked = useInfiniteQuery({
    queryKey: ["templates", "list", q, status],
    queryFn: ({ pageParam }) => {
      const query = { q, status, limit: PAGE, page: pageParam };
      return answered(api.GET("/api/v1/workflows/templates", { params: { query } }));
    },
    initialPageParam: 1,
    getNextPageParam: ({ meta }) => (meta.page < meta.total_pages ? meta.page + 1 : undefined),
    placeholderData: (before) => before,
  });
  const pages = asked.data?.pages ?? [];
  return { ...asked, templates: pages.flatMap((page) => page.data), total: pages[0]?.meta.total };
}
