import { isObject, type Json } from "./shapes";

export type Schema = Json;

/** How a property is edited. `json` is what nobody made an editor for. */
export type Control =
  | { kind: "text"; long: boolean; pattern?: string }
  | { kind: "number"; integer: boolean; min?: number; max?: number }
  | { kind: "boolean" }
  | { kind: "choice"; options: string[] }
  | { kind: "who" }
  | { kind: "whos" }
  | { kind: "condition" }
  | { kind: "calendar" }
  | { kind: "formFields"; item: Property[] }
  | { kind: "list"; item: Property[]; label: string }
  | { kind: "object"; properties: Property[] }
  | { kind: "variant"; by: string; variants: { name: string; description: string; properties: Property[] }[] }
  | { kind: "wordOrNumber"; words: string[]; numbers: string[] }
  | { kind: "json" };

/** One property of a step as its form shows it. */
export interface Property {
  name: string;
  help: string | null;
  required: boolean;
  default: unknown;
  control: Control;
}

const CONDITIONS = new Set(["when", "show_if"]);
const LONG = new Set(["description", "message", "text", "body", "help"]);
const DEEPEST = 4;

/** The form of an object's properties, but for those left out. */
export function formOf(schema: Schema, leftOut: string[] = []): Property[] {
  return propertiesOf(schema, definitionsOf(schema), 0).filter(({ name }) => !leftOut.includes(name));
}

function definitionsOf(schema: Schema): Json {
  return isObject(schema.$defs) ? schema.$defs : {};
}

function propertiesOf(schema: Schema, definitions: Json, depth: number): Property[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties).map(([name, written]) => {
    const own = (isObject(written) ? written : {}) as Schema;
    return {
      name,
      help: typeof own.description === "string" ? own.description : null,
      required: required.includes(name),
      default: own.default ?? null,
      control: controlOf(name, own, definitions, depth),
    };
  });
}

function controlOf(name: string, written: Schema, definitions: Json, depth: number): Control {
  if (CONDITIONS.has(name)) return { kind: "condition" };
  if (name === "calendar") return { kind: "calendar" };
  const called = refName(written);
  if (called === "Who") return { kind: "who" };
  const choices = choicesOf(written, definitions);
  const told = variant(written, choices, definitions, depth);
  if (told) return told;
  const [only] = choices;
  if (choices.length === 1 && only) {
    return only === written
      ? plain(name, resolved(only, definitions), definitions, depth)
      : controlOf(name, only, definitions, depth);
  }
  if (choices.some((choice) => refName(choice) === "Who")) return { kind: "whos" };
  return wordOrNumber(choices, definitions) ?? { kind: "json" };
}

function plain(name: string, schema: Schema, definitions: Json, depth: number): Control {
  if (Array.isArray(schema.enum)) return { kind: "choice", options: schema.enum.map(String) };
  switch (schema.type) {
    case "string":
      return {
        kind: "text",
        long: LONG.has(name),
        ...(typeof schema.pattern === "string" && { pattern: schema.pattern }),
      };
    case "integer":
    case "number":
      return { kind: "number", integer: schema.type === "integer", ...bounds(schema) };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return listOf(schema, definitions, depth);
    case "object":
      return isObject(schema.properties) && depth < DEEPEST
        ? { kind: "object", properties: propertiesOf(schema, definitions, depth + 1) }
        : { kind: "json" };
    default:
      return { kind: "json" };
  }
}

function listOf(schema: Schema, definitions: Json, depth: number): Control {
  const items = isObject(schema.items) ? schema.items : {};
  const called = refName(items);
  if (called === "Who") return { kind: "whos" };
  const item = resolved(items, definitions);
  if (!isObject(item.properties) || depth >= DEEPEST) return { kind: "json" };
  const properties = propertiesOf(item, definitions, depth + 1).filter((property) => property.name !== "next");
  return called === "FormField"
    ? { kind: "formFields", item: properties }
    : { kind: "list", item: properties, label: called ?? "" };
}

/** A word, or an object with one number: `all`, `{at_least: 2}`. */
function wordOrNumber(choices: Schema[], definitions: Json): Control | null {
  const words: string[] = [];
  const numbers: string[] = [];
  for (const choice of choices.map((written) => resolved(written, definitions))) {
    const properties = isObject(choice.properties) ? Object.entries(choice.properties) : [];
    const [number] = properties;
    if (Array.isArray(choice.enum)) words.push(...choice.enum.map(String));
    else if (number && properties.length === 1 && isNumber(number[1])) numbers.push(number[0]);
    else return null;
  }
  return words.length > 0 && numbers.length > 0 ? { kind: "wordOrNumber", words, numbers } : null;
}

/** Objects told apart by the word in one of their properties, as actions are by `type`. */
function variant(written: Schema, choices: Schema[], definitions: Json, depth: number): Control | null {
  const told = [written, ...alternatives(written)].find((schema) => isObject(schema.discriminator));
  const discriminator = told?.discriminator;
  if (!isObject(discriminator) || typeof discriminator.propertyName !== "string" || depth >= DEEPEST) return null;
  const by = discriminator.propertyName;
  const variants = choices.map((choice) => {
    const schema = resolved(choice, definitions);
    const word = isObject(schema.properties) ? schema.properties[by] : null;
    const names = isObject(word) ? (Array.isArray(word.enum) ? word.enum : [word.const]) : [];
    return {
      name: String(names[0]),
      description: typeof schema.description === "string" ? schema.description : "",
      properties: propertiesOf(schema, definitions, depth + 1).filter(({ name }) => name !== by),
    };
  });
  return { kind: "variant", by, variants };
}

/** What the value may be besides null, each once. */
function choicesOf(written: Schema, definitions: Json): Schema[] {
  const all = alternatives(written);
  if (all.length === 0) return [written];
  return all
    .filter((choice) => choice.type !== "null")
    .flatMap((choice) => (alternatives(choice).length > 0 ? choicesOf(choice, definitions) : [choice]));
}

function alternatives(schema: Schema): Schema[] {
  const all = schema.anyOf ?? schema.oneOf;
  return Array.isArray(all) ? all.filter(isObject) : [];
}

function refName(schema: Schema): string | null {
  return typeof schema.$ref === "string" ? (schema.$ref.split("/").at(-1) ?? null) : null;
}

function resolved(schema: Schema, definitions: Json): Schema {
  const name = refName(schema);
  const found = name === null ? null : definitions[name];
  return isObject(found) ? found : schema;
}

function isNumber(schema: unknown): boolean {
  return isObject(schema) && (schema.type === "number" || schema.type === "integer");
}

function bounds(schema: Schema): { min?: number; max?: number } {
  const min = schema.minimum ?? schema.exclusiveMinimum;
  return {
    ...(typeof min === "number" && { min }),
    ...(typeof schema.maximum === "number" && { max: schema.maximum }),
  };
}

/** The value with one property set; undefined and what the schema has by default are left out. */
export function withValue(of: Json, property: Pick<Property, "name" | "default" | "required">, value: unknown): Json {
  const isLeftOut =
    value === undefined || value === null || value === "" || (!property.required && value === property.default);
  if (!isLeftOut) return { ...of, [property.name]: value };
  const { [property.name]: _, ...rest } = of;
  return rest;
}
