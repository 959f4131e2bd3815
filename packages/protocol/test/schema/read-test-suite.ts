/** The cases of the JSON-Schema-Test-Suite, and the documents that it presumes to be known, read from the data beside this file. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonSchema } from "../../src/definition/json-schema.ts";

/** A schema, and values for it. */
export interface SuiteGroup {
  readonly description: string;
  readonly schema: JsonSchema;
  readonly tests: readonly SuiteCase[];
}

export interface SuiteCase {
  readonly description: string;
  readonly data: unknown;
  readonly valid: boolean;
}

const folder = fileURLToPath(new URL("./json-schema-test-suite/", import.meta.url));
const remotes = join(folder, "remotes");

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The groups of each file, by the name of the file without `.json`. */
export function readSuite(): ReadonlyMap<string, readonly SuiteGroup[]> {
  const files = readdirSync(join(folder, "tests")).sort();
  return new Map(
    files.map((file) => [file.replace(".json", ""), readJson(join(folder, "tests", file)) as SuiteGroup[]]),
  );
}

/** The documents that references of the suite may lead to, by URI: its remotes, and the meta-schemas. */
export function readDocuments(): { readonly [uri: string]: JsonSchema } {
  const paths = readdirSync(remotes, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .map((path) => join(remotes, path));
  const served = paths.map((path) => [`http://localhost:1234/${relative(remotes, path)}`, readJson(path)]);
  const metaSchemas = readJson(join(folder, "meta-schemas.json")) as { [uri: string]: JsonSchema };
  return { ...Object.fromEntries(served), ...metaSchemas };
}
