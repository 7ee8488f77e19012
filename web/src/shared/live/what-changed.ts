/** The kinds of news the API sends, each with the first words of the queries it makes stale. */
const STALE: Record<string, string[]> = {
  "inbox.changed": ["inbox", "item", "dispatches"],
  "run.changed": ["runs", "item", "inbox", "dispatches"],
  "ticket.created": ["tickets"],
  "ticket.changed": ["tickets", "ticket"],
  notification: ["notifications"],
  "notifications.read": ["notifications"],
  "template.changed": ["templates"],
};

export const KINDS = Object.keys(STALE);

/** First words of the query keys to read again after news of this kind. */
export function madeStaleBy(kind: string): string[] {
  return STALE[kind] ?? [];
}
