import { type Definition, isObject, stepsOf } from "./shapes";

const TICKET = [
  "type",
  "subtype",
  "title",
  "description",
  "status",
  "priority",
  "category",
  "queue",
  "group",
  "assignee",
  "requester",
  "tags",
  "resolution_category",
];

/** What conditions and texts can name: variables, the fields of forms, the ticket's attributes. */
export function knownNames(definition: Definition): string[] {
  const variables = isObject(definition.variables) ? Object.keys(definition.variables) : [];
  const fields = stepsOf(definition).flatMap((step) =>
    (Array.isArray(step.fields) ? step.fields : [])
      .filter(isObject)
      .map(({ name }) => String(name ?? ""))
      .filter(Boolean)
      .map((name) => `steps.${step.id}.${name}`),
  );
  return [...new Set([...variables, ...fields, ...TICKET.map((name) => `ticket.${name}`)])];
}
