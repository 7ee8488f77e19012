import { readDraft } from "~/shared/drafts/drafts";
import type { Definition } from "../definition/shapes";

/** What this browser keeps of a template until the server has it. `base` is what it was changed from. */
export interface Kept {
  definition: Definition;
  base: Definition;
  revision: number;
}

/** What the key of a template's unsaved draft is. */
export function keptName(templateId: string): string {
  return `designer:${templateId}`;
}

/** What was kept of a template, or null. */
export function readKept(templateId: string): Kept | null {
  return readDraft<Kept>(keptName(templateId));
}
