// Writes the types of the API's answers: `node scripts/schema.mjs openapi.json [schema.d.ts]`.
//
// The document describes a few hundred addresses and the app asks for a few dozen of them, so only those whose path is
// written somewhere in src are kept: another address changes nothing here.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const SOURCES = fileURLToPath(new URL("../src", import.meta.url));
const TYPES = join(SOURCES, "shared/api/schema.d.ts");

function pathsInUse() {
  const files = readdirSync(SOURCES, { recursive: true }).filter(
    (name) => /\.tsx?$/.test(name) && !/\.d\.ts$/.test(name),
  );
  const written = files.flatMap((name) => [
    ...readFileSync(join(SOURCES, name), "utf8").matchAll(/"(\/api\/v1\/[^"]*)"/g),
  ]);
  return new Set(written.map((found) => found[1]));
}

function answersAlone(operation) {
  const taken = Object.entries(operation.responses ?? {}).filter(([status]) => status.startsWith("2"));
  const { description: _, ...rest } = operation;
  return { ...rest, responses: Object.fromEntries(taken) };
}

function referencesIn(value, found) {
  if (Array.isArray(value)) {
    for (const member of value) referencesIn(member, found);
  } else if (value && typeof value === "object") {
    if (typeof value.$ref === "string") found.add(value.$ref.replace("#/components/schemas/", ""));
    for (const member of Object.values(value)) referencesIn(member, found);
  }
  return found;
}

function withoutTheRest(document, wanted) {
  const paths = {};
  for (const path of [...wanted].sort()) {
    if (!document.paths[path]) throw new Error(`The API has no ${path}, which the app asks for.`);
    const operations = Object.entries(document.paths[path]).map(([method, operation]) => [
      method,
      answersAlone(operation),
    ]);
    paths[path] = Object.fromEntries(operations);
  }
  const kept = {};
  let missing = [...referencesIn(paths, new Set())];
  while (missing.length > 0) {
    for (const name of missing) kept[name] = document.components.schemas[name];
    missing = [...referencesIn(kept, new Set())].filter((name) => !(name in kept));
  }
  const schemas = Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    openapi: document.openapi,
    info: { title: document.info.title, version: "0" },
    paths,
    components: { schemas },
  };
}

const [source, target = TYPES] = process.argv.slice(2);
const document = JSON.parse(readFileSync(source, "utf8"));
const types = await openapiTS(withoutTheRest(document, pathsInUse()), { defaultNonNullable: false });
writeFileSync(
  target,
  `// Written by scripts/schema.mjs from the API's own description. Do not edit.\n\n${astToString(types)}`,
);
