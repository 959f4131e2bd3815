/**
 * The keywords of JSON Schema 2020-12 that Sluice knows, by what each one holds.
 *
 * Everything that walks a schema asks this table, so that a new keyword is a row here.
 */
import type { JsonSchema, JsonSchemaObject } from "../definition/json-schema.ts";

/** `one` schema, a `list` of them, a `map` from names to them; `note`: does not affect verdicts; `rule`: does, and holds no schema. */
export type KeywordHolds = "one" | "list" | "map" | "note" | "rule";

const names: Record<KeywordHolds, string> = {
  one: "items contains additionalProperties propertyNames unevaluatedItems unevaluatedProperties not if then else",
  list: "allOf anyOf oneOf prefixItems",
  map: "properties patternProperties dependentSchemas $defs",
  note: "$schema $id $anchor $comment title description default examples deprecated readOnly writeOnly contentMediaType contentSchema",
  rule:
    "$ref type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern format " +
    "contentEncoding minContains maxContains maxItems minItems uniqueItems required maxProperties minProperties dependentRequired",
};

/** Keyword to what it holds. */
export const keywords: ReadonlyMap<string, KeywordHolds> = new Map(
  (Object.keys(names) as KeywordHolds[]).flatMap((holds) =>
    names[holds].split(" ").map((name): [string, KeywordHolds] => [name, holds]),
  ),
);

/** What `keyword` holds; keywords that begin with `x-` are notes of the application. `undefined` for a misspelt one. */
export function keywordHolds(keyword: string): KeywordHolds | undefined {
  return keywords.get(keyword) ?? (keyword.startsWith("x-") ? "note" : undefined);
}

/** Whether `value` is a schema as far as its outside shows: `true`, `false` or an object. */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value));
}

/** The member `name` of `holder`, if it is its own. */
export function ownMember(holder: unknown, name: string): unknown {
  return typeof holder === "object" && holder !== null && Object.hasOwn(holder, name)
    ? (holder as { readonly [name: string]: unknown })[name]
    : undefined;
}

/** Visits the schemas directly inside `schema` with the keyword that holds them and, in a list or a map, their index or name. */
export function forEachSubschema(
  schema: JsonSchemaObject,
  visit: (subschema: JsonSchema, keyword: string, name?: string) => void,
): void {
  for (const keyword of Object.keys(schema)) {
    const holds = keywords.get(keyword);
    const held = ownMember(schema, keyword);
    if (holds === "one") {
      if (isSchema(held)) visit(held, keyword);
    } else if (holds === "list" || holds === "map") {
      if (typeof held !== "object" || held === null) continue;
      for (const [name, subschema] of Object.entries(held)) {
        if (isSchema(subschema)) visit(subschema, keyword, name);
      }
    }
  }
}
