// Shapes of answers that the API's description leaves open: `/inbox`, `/auth/me`, `/notifications`, `/search`, people,
// and what a step instance has that is its type's own.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Ticket = Schemas["Ticket"];
export type TicketInFull = Schemas["TicketInFull"];
export type Comment = Schemas["Comment"];
export type Instance = Schemas["Instance"];
export type TemplateHead = Schemas["TemplateHead"];

export type Role = "requester" | "agent" | "manager" | "admin";
export interface One<T> {
  data: T;
}
export interface Page<T, M = object> {
  data: T[];
  meta: { total: number; page: number; limit: number; total_pages: number } & M;
}

export interface Me {
  id: string;
  name: string;
  email: string;
  role: Role;
  timezone: string | null;
  groups: { id: string; slug: string; name: string; role_in_group: "lead" | "member" }[];
  tenant: { id: string; name: string };
  may: string[];
  session: boolean;
}

export interface Person {
  id: string;
  name: string;
  email?: string;
}

export type ItemKind = "entry" | "form" | "approval" | "routing" | "intervention";
export type LabelStyle = "danger" | "success" | "info" | "dark" | "warning";
export interface ItemPath {
  label: string;
  step: string;
  icon?: string | null;
  disabled?: boolean;
}
export interface InboxItem {
  id: string;
  kind: ItemKind;
  title: string;
  label: string;
  label_style: LabelStyle;
  subtitle: string | null;
  icon: string | null;
  summary: string | null;
  summary_title?: string | null;
  paths?: ItemPath[];
  due_at?: string | null;
  opened_at?: string;
  completed_at?: string;
  outcome?: string | null;
  assigned_to?: string | null;
  group?: string | null;
  claimed_by?: string | null;
  locked_by?: { id: string; name: string } | null;
  run: { id: string; template_id: string; template_name: string };
  step_id: string;
  ticket: { id: string; number: string; title: string; priority?: string } | null;
}
export interface InboxItemInFull extends InboxItem {
  step?: StepInstance | null;
  variables?: Record<string, unknown>;
  attributes?: Record<string, unknown>;
}

export type FieldType =
  | "text"
  | "textarea"
  | "number"
  | "checkbox"
  | "select"
  | "multiselect"
  | "date"
  | "datetime"
  | "email"
  | "user"
  | "file";
export interface FormField {
  name: string;
  label?: string;
  type: FieldType;
  required?: boolean;
  help?: string;
  placeholder?: string;
  default?: unknown;
  options?: (string | number | { value: string | number; label?: string | null })[];
  minimum?: number;
  maximum?: number;
  min_length?: number;
  max_length?: number;
  pattern?: string;
  multiple?: boolean;
  show_if?: Record<string, unknown>;
}

export interface Vote {
  by: string;
  on_behalf_of: string | null;
  decision: "approved" | "rejected";
  comment: string | null;
  at: string;
}
/** A step of a run: what every step has, and under the optional names what its type adds. */
export interface StepInstance extends Omit<Schemas["StepInstance"], "candidates"> {
  candidates?: string[];
  claimed_by?: string | null;
  fields?: FormField[];
  form_data?: Record<string, unknown>;
  options?: string[];
  rule?: string | { n: number } | Record<string, unknown>;
  order?: "parallel" | "sequential";
  approvers?: string[];
  needed?: number | null;
  votes?: Vote[];
  output?: Record<string, unknown>;
  error?: unknown;
  comment?: "optional" | "required" | "required_on_reject";
}

export interface Notification {
  id: string;
  kind: string;
  title: string;
  body: string;
  run_id: string | null;
  ticket_id: string | null;
  item_id: string | null;
  created_at: string;
  read: boolean;
}

export interface Found {
  tickets: { id: string; number: string; type: string; title: string; status: string; priority: string }[];
  templates: { id: string; name: string }[];
  people: { id: string; name: string; email: string }[];
}

export interface HistoryEvent {
  event: string;
  at: string;
  actor_id: string | null;
  actor_name: string | null;
  detail: string;
  data: Record<string, unknown>;
  run_id: string | null;
  step_id: string | null;
  seq: number;
}
