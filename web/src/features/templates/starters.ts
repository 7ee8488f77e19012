import type { Definition } from "../designer/definition/shapes";

export const STARTERS = ["blank", "request", "incident", "onboarding"] as const;
export type Starter = (typeof STARTERS)[number];

const DETAILS = { name: "details", label: "What is needed", type: "textarea", required: true };

/** What a workflow can begin as. Group names are left to the desk, as every desk has its own. */
export const DEFINITIONS: Record<Starter, Definition> = {
  blank: {
    trigger: { type: "manual" },
    steps: [{ id: "details", type: "form", name: "Details", assignee: { requester: true }, fields: [DETAILS] }],
  },
  request: {
    trigger: { type: "manual" },
    steps: [
      {
        id: "wish",
        type: "form",
        name: "What is wanted",
        assignee: { requester: true },
        fields: [DETAILS, { name: "price", label: "Price", type: "number", minimum: 0 }],
        next: "manager",
      },
      {
        id: "manager",
        type: "approval",
        name: "The manager's word",
        approvers: [{ manager_of: "requester" }],
        next: { approved: "deliver", rejected: "tell" },
      },
      {
        id: "deliver",
        type: "form",
        name: "Deliver it",
        fields: [{ name: "done", label: "What was delivered", type: "text", required: true }],
        next: "resolve",
      },
      { id: "resolve", type: "automatic", name: "Resolve", action: { type: "set_status", status: "resolved" } },
      {
        id: "tell",
        type: "automatic",
        name: "Not approved",
        action: { type: "send_notification", to: [{ requester: true }], message: "Your request was not approved." },
      },
    ],
  },
  incident: {
    trigger: { type: "ticket_type", ticket_type: "incident" },
    steps: [
      {
        id: "how-bad",
        type: "condition",
        name: "How bad is it?",
        branches: [{ label: "critical", when: { "ticket.priority": "P1" }, next: "start-work" }],
        otherwise: "look",
      },
      {
        id: "start-work",
        type: "automatic",
        name: "Work begins",
        action: { type: "set_status", status: "in_progress" },
        next: "mend",
      },
      {
        id: "look",
        type: "form",
        name: "Look into it",
        fields: [{ name: "finding", label: "What was found", type: "textarea", required: true }],
        timeout_hours: 8,
        next: "mend",
      },
      {
        id: "mend",
        type: "form",
        name: "Mend it",
        fields: [{ name: "mended", label: "What was done", type: "textarea", required: true }],
        next: "resolve",
      },
      { id: "resolve", type: "automatic", name: "Resolve", action: { type: "set_status", status: "resolved" } },
    ],
  },
  onboarding: {
    trigger: { type: "manual" },
    variables: { joiner: { type: "string", required: true } },
    steps: [
      {
        id: "accounts",
        type: "form",
        name: "Prepare the accounts",
        fields: [{ name: "login", label: "Login", type: "text", required: true }],
        next: "equipment",
      },
      {
        id: "equipment",
        type: "form",
        name: "Prepare the equipment",
        fields: [{ name: "device", label: "Device", type: "text", required: true }],
        next: "first-week",
      },
      { id: "first-week", type: "wait", name: "The first week", for: { hours: 168 }, next: "check" },
      {
        id: "check",
        type: "form",
        name: "Ask how it went",
        fields: [{ name: "word", label: "In their words", type: "textarea" }],
      },
    ],
  },
};
