import type { FormField } from "~/shared/api/answers";
import { forgetDraft, keepDraft, readDraft } from "~/shared/drafts/drafts";

/** What a path hands over when it is chosen: a message ready to be sent once its fields have been filled in. */
export interface HandedOver {
  name: string;
  behavior: string;
  fields: FormField[] | string[] | null;
  body: { template: string; to: string | string[] | null; data: Record<string, unknown> };
}

/** Keeps it until it has been sent, and tells under which name. */
export function keepHandedOver(what: HandedOver): string {
  const name = crypto.randomUUID();
  keepDraft(`handed-over:${name}`, what);
  return name;
}

export function readHandedOver(name: string): HandedOver | null {
  return readDraft<HandedOver>(`handed-over:${name}`);
}

export function forgetHandedOver(name: string): void {
  forgetDraft(`handed-over:${name}`);
}
