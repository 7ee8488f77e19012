const ID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;

/** The ids that a text has in it. */
export function idsIn(texts: string[]): string[] {
  return [...new Set(texts.flatMap((text) => text.match(ID) ?? []))];
}

/** The text with names in the place of the ids that have one. */
export function withNames(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(ID, (id) => names.get(id) ?? id);
}
