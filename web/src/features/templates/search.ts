export interface TemplateSearch {
  q?: string;
  status?: "draft" | "published" | "archived";
  new?: boolean;
}

/** What the address of the list of workflows says. */
export function templateSearch(given: Record<string, unknown>): TemplateSearch {
  const status = (["draft", "published", "archived"] as const).find((word) => word === given.status);
  const q = typeof given.q === "string" && given.q !== "" ? given.q : undefined;
  return { ...(q !== undefined && { q }), ...(status && { status }), ...(given.new === true && { new: true }) };
}
