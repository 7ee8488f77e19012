import { parse, stringify, YAMLParseError } from "yaml";
import type { Definition } from "../definition/shapes";
import { isObject } from "../definition/shapes";

export type Format = "yaml" | "json";

/** The definition as text. */
export function textOf(definition: Definition, format: Format): string {
  if (format === "json") return `${JSON.stringify(definition, null, 2)}\n`;
  return stringify(definition, { lineWidth: 110, aliasDuplicateObjects: false });
}

/** Says why a text is no definition. */
export class Unreadable extends Error {}

/** The definition in a text; raises Unreadable. JSON is YAML too. */
export function definitionIn(text: string): Definition {
  let read: unknown;
  try {
    read = parse(text, { maxAliasCount: 100, uniqueKeys: true });
  } catch (cause) {
    throw new Unreadable(cause instanceof YAMLParseError ? (cause.message.split("\n")[0] ?? "") : String(cause));
  }
  if (!isObject(read)) throw new Unreadable("a workflow is an object with a name and steps");
  return read as Definition;
}

/** Gives a text to the reader as a file. */
export function download(name: string, text: string): void {
  const link = document.createElement("a");
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
