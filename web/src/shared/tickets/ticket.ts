import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "~/shared/api/client";

/** One ticket, by id or number. */
export const ticketQuery = (id: string) =>
  queryOptions({
    queryKey: ["ticket", id],
    queryFn: async () => (await answered(api.GET("/api/v1/tickets/{id}", { params: { path: { id } } }))).data,
  });
