import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import type { One, Page, Person } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";
import { useWords } from "~/shared/words";

const KEPT_MS = 10 * 60_000;

const personQuery = (id: string) =>
  queryOptions({
    queryKey: ["person", id],
    queryFn: async () =>
      (await answeredAs<One<Person>>(api.GET("/api/v1/users/{id}", { params: { path: { id } } }))).data,
    staleTime: KEPT_MS,
    retry: false,
  });

/** What people are called, by id; somebody who cannot be read is "somebody". */
export function useNames(ids: (string | null | undefined)[]): (id: string | null | undefined) => string {
  const t = useWords();
  const wanted = [...new Set(ids.filter((id): id is string => !!id))];
  const found = useQueries({ queries: wanted.map(personQuery) });
  const names = new Map(wanted.map((id, index) => [id, found[index]?.data?.name]));
  return (id) => (id ? (names.get(id) ?? t("people.somebody")) : t("people.wayline"));
}

/** People whose name has these words. */
export function usePeopleCalled(words: string) {
  return useQuery({
    queryKey: ["people", words],
    queryFn: async () => {
      const query = { q: words || undefined, limit: 20, order: "asc", sort: "name" } as const;
      return (await answeredAs<Page<Person>>(api.GET("/api/v1/users", { params: { query } }))).data;
    },
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
}

export interface GroupHead {
  id: string;
  slug: string;
  name: string;
}

/** All groups, by name. */
export function useGroups() {
  return useQuery({
    queryKey: ["groups"],
    queryFn: async () => {
      const query = { limit: 100, order: "asc" } as const;
      return (await answeredAs<Page<GroupHead>>(api.GET("/api/v1/groups", { params: { query } }))).data;
    },
    staleTime: KEPT_MS,
  });
}
