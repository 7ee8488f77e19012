import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import type { One, Page } from "~/shared/api/answers";
import { answered, answeredAs, api } from "~/shared/api/client";
import type { Problem } from "../definition/problems";
import type { Definition, Json, Step } from "../definition/shapes";

/** A template as its address tells it. `definition` is what is worked on: the draft where there is one. */
export interface Template {
  id: string;
  name: string;
  kind: string;
  status: "draft" | "published" | "archived";
  is_active: boolean;
  /** 0 before anything has been published. */
  version: number;
  revision: number;
  active_instances: number;
  has_draft: boolean;
  definition: Definition;
  draft: Definition | null;
  problems: Problem[];
}

export interface StepType {
  type: string;
  name: string;
  description: string;
  outcomes: string[];
  schema: Json;
}

export interface Version {
  version: number;
  note: string | null;
  created_at?: string;
  published_at?: string;
  created_by?: string | null;
  published_by?: string | null;
}

export interface Checked {
  problems: Problem[];
  states_explored: number;
  sound: boolean;
}

/** The template with what is worked on. Never taken from what was read before: its revision must be the newest. */
export function templateQuery(id: string) {
  return queryOptions({
    queryKey: ["template", id],
    queryFn: () => readTemplate(id),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

export async function readTemplate(id: string): Promise<Template> {
  return (await answeredAs<One<Template>>(api.GET("/api/v1/workflows/templates/{id}", { params: { path: { id } } })))
    .data;
}

/** The palette: every step type with the schema of its properties. */
export function useStepTypes() {
  return useQuery({
    queryKey: ["step-types"],
    queryFn: async () => (await answeredAs<Page<StepType>>(api.GET("/api/v1/workflows/step-types"))).data,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Keeps a draft; refused as `stale` when the template is no longer at the revision. Tells the new revision. */
export async function saveDraft(
  id: string,
  definition: Definition,
  revision: number,
): Promise<{ revision: number; problems: Problem[] }> {
  const params = { path: { id }, header: { "If-Match": String(revision) } };
  const call = api.PUT("/api/v1/workflows/templates/{id}/draft", { params, body: { definition } } as never);
  return (await answeredAs<One<{ revision: number; problems: Problem[] }>>(call)).data;
}

/** Forgets the draft. */
export async function dropDraft(id: string): Promise<void> {
  await answered(api.DELETE("/api/v1/workflows/templates/{id}/draft", { params: { path: { id } } }));
}

/** Everything that is wrong with a definition. */
export async function checkDefinition(id: string, definition: Definition, signal: AbortSignal): Promise<Checked> {
  const call = api.POST("/api/v1/workflows/templates/check", {
    body: { template_id: id, definition },
    signal,
  } as never);
  return (await answeredAs<One<Checked>>(call)).data;
}

/** Makes a template that is a draft. */
export async function createDraft(definition: Definition, key: string): Promise<Template> {
  const params = { header: { "Idempotency-Key": key } };
  const call = api.POST("/api/v1/workflows/templates", { params, body: { definition, is_active: false } } as never);
  return (await answeredAs<One<Template>>(call)).data;
}

/** Makes the draft the next version. */
export async function publishDraft(id: string, revision: number, note: string): Promise<Template> {
  const params = { path: { id }, header: { "If-Match": String(revision) } };
  const call = api.POST("/api/v1/workflows/templates/{id}/publish", { params, body: { note: note || null } } as never);
  return (await answeredAs<One<Template>>(call)).data;
}

/** One version's definition. */
export function useVersion(id: string, version: number | null) {
  return useQuery({
    queryKey: ["template", id, "version", version],
    queryFn: async () => {
      const params = { path: { id, n: String(version) } };
      const call = api.GET("/api/v1/workflows/templates/{id}/versions/{n}", { params } as never);
      return (await answeredAs<One<Version & { definition: Definition }>>(call)).data;
    },
    enabled: version !== null && version > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The published versions, newest first. */
export function useVersions(id: string) {
  return useQuery({
    queryKey: ["template", id, "versions"],
    queryFn: async () => {
      const params = { path: { id }, query: { limit: 100 } };
      const call = api.GET("/api/v1/workflows/templates/{id}/versions", { params } as never);
      return (await answeredAs<Page<Version>>(call)).data;
    },
  });
}

/** Forgets what was read of a template and of the list, after it was written. */
export function useForgetTemplates() {
  const client = useQueryClient();
  return (id: string) => {
    void client.invalidateQueries({ queryKey: ["templates"] });
    void client.invalidateQueries({ queryKey: ["template", id, "versions"] });
  };
}

export interface Moves {
  movable: number;
  moved: number;
  remaining: number;
  runs: { run_id: string; movable: boolean; moved: boolean; obstacles: { code: string; message: string }[] }[];
}

/** Which runs can go on by a version; they do unless it is a dry run. */
export async function moveRuns(id: string, toVersion: number, dryRun: boolean): Promise<Moves> {
  const body = { to_version: toVersion, all: true, dry_run: dryRun };
  const call = api.POST("/api/v1/workflows/templates/{id}/migrate-runs", { params: { path: { id } }, body } as never);
  return (await answeredAs<One<Moves>>(call)).data;
}

export type { Step };
