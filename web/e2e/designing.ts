import type { Page } from "playwright-core";
import { asked } from "./desk";

export interface Made {
  id: string;
  name: string;
  status: string;
  version: number;
  definition: { name: string; steps: { id: string; type: string; name?: string; next?: unknown }[] };
}

/** The template of a name as the server has it. */
export async function templateCalled(name: string): Promise<Made> {
  const found = await asked<{ id: string; name: string }[]>(
    "dee",
    "GET",
    `/workflows/templates?q=${encodeURIComponent(name)}`,
  );
  const head = found.find((template) => template.name === name);
  if (!head) throw new Error(`there is no template called ${name}`);
  return asked<Made>("dee", "GET", `/workflows/templates/${head.id}`);
}

/** Waits until everything typed is on the server. */
export async function draftSaved(page: Page): Promise<void> {
  await page.locator('[data-state="saved"]').waitFor();
}

/** Waits until what there is has been checked and has no errors. */
export async function noErrors(page: Page): Promise<void> {
  await page.getByRole("button", { name: /No problems|warning/ }).waitFor();
}
