import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Instance, StepInstance } from "~/shared/api/answers";
import { answered, api } from "~/shared/api/client";

/** The runs of a ticket, those under way first. */
export const runsOfTicketQuery = (ticketId: string) =>
  queryOptions({
    queryKey: ["runs", "ticket", ticketId],
    queryFn: async () => {
      const asked = api.GET("/api/v1/workflows/ticket/{ticket_id}", { params: { path: { ticket_id: ticketId } } });
      const { active, finished } = (await answered(asked)).data;
      return [...active, ...finished];
    },
  });

/** One run with all its steps. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", id],
    queryFn: async () =>
      (await answered(api.GET("/api/v1/workflows/instances/{id}", { params: { path: { id } } }))).data,
  });

/** A run's steps with what their types add. */
export function stepsOf(run: Instance): StepInstance[] {
  return run.step_instances as StepInstance[];
}

/** Templates that can be started by hand, by name. For those who may read templates. */
export function usePublishedTemplates(enabled: boolean) {
  return useQuery({
    queryKey: ["templates", "published"],
    queryFn: async () => {
      const query = { status: "published", limit: 100 } as const;
      return (await answered(api.GET("/api/v1/workflows/templates", { params: { query } }))).data;
    },
    enabled,
  });
}

/** Starts a template on a ticket. */
export function useStartRun(ticketId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (templateId: string) => {
      const body = { template_id: templateId, ticket_id: ticketId };
      return answered(api.POST("/api/v1/workflows/instantiate", { body }));
    },
    onSuccess: () =>
      Promise.all(["runs", "inbox", "ticket"].map((word) => client.invalidateQueries({ queryKey: [word] }))),
  });
}
