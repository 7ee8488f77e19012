import type { FormField, One } from "~/shared/api/answers";
import { answeredAs, api } from "~/shared/api/client";
import type { Problem } from "../definition/problems";
import type { Definition, Json } from "../definition/shapes";

export interface Somebody {
  id: string;
  name: string;
}

export interface ClauseSeen {
  path: string;
  field: string;
  op: string;
  expected: unknown;
  seen: unknown;
  holds: boolean;
  note: string;
}
export interface BranchSeen {
  label: string;
  holds: boolean;
  clauses: ClauseSeen[];
}

export interface Visited {
  step_id: string;
  name: string;
  type: string;
  outcome: string;
  at: string;
  who: Somebody[];
  explanation: BranchSeen[] | null;
  changes: Record<string, [unknown, unknown]> | null;
}

export interface Awaited {
  step_id: string;
  name: string;
  type: string;
  who: Somebody[];
  due_at: string | null;
  awaits: Json & { fields?: FormField[]; options?: string[] };
}

export interface Simulation {
  path: Visited[];
  status: string;
  at: string;
  failure: { reason?: string; message?: string } | null;
  waiting_at: Awaited | null;
  refused: { step_id: string | null; message: string; issues: { path: string; message: string }[] } | null;
  problems: Problem[];
}

export interface Wanted {
  ticket?: Json;
  ticket_id?: string;
  answers: Record<string, unknown[]>;
  outcomes: Record<string, string[]>;
  variables: Json;
  definition: Definition;
  at?: string;
}

/** The way a run would take with these answers. Nothing is written. */
export async function simulate(id: string, wanted: Wanted): Promise<Simulation> {
  const call = api.POST("/api/v1/workflows/templates/{id}/simulate", {
    params: { path: { id } },
    body: wanted,
  } as never);
  return (await answeredAs<One<Simulation>>(call)).data;
}
