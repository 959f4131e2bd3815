/**
 * Finds a `$ref` that comes back to its own schema without having gone into a member or an element: checking would never end.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import { forEachSubschema } from "./keywords.ts";
import type { ResolveReference } from "./references.ts";

/** Keywords whose schemas apply to the same value as the schema around them. */
export const inPlaceKeywords: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
]);

/** One of `schemas` that is applied to a value only if it is applied to that value. */
export function findEndlessReference(
  schemas: Iterable<JsonSchema>,
  resolve: ResolveReference,
): JsonSchema | undefined {
  const done = new Set<JsonSchema>();
  const open = new Set<JsonSchema>();
  let endless: JsonSchema | undefined;
  const visit = (schema: JsonSchema): void => {
    if (typeof schema === "boolean" || done.has(schema)) return;
    if (open.has(schema)) {
      endless ??= schema;
      return;
    }
    open.add(schema);
    if (schema.$ref !== undefined) visit(resolve(schema.$ref, schema));
    forEachSubschema(schema, (subschema, keyword) => {
      if (inPlaceKeywords.has(keyword)) visit(subschema);
    });
    open.delete(schema);
    done.add(schema);
  };
  for (const schema of schemas) visit(schema);
  return endless;
}
