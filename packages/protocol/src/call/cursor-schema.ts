/**
 * The schema of a cursor: of the property of an item that says where the item stands.
 *
 * The counterpart of definition/has-property.ts, which says whether there is one.
 */
import type { JsonSchema, JsonSchemaObject } from "../definition/json-schema.ts";
import { bundledSchema } from "../schema/bundled-schema.ts";
import { resolverOf } from "../schema/references.ts";

/** What every item that `receive` describes has as its property `name`, which it has. Stands alone. */
export function cursorSchema(receive: JsonSchema, name: string): JsonSchema {
  // In a bundle every reference starts at the top, so that a part of it can be given the same top.
  const root = bundledSchema(receive);
  const resolve = resolverOf(root);
  const partsOf = (schema: JsonSchema): JsonSchema[] => {
    if (typeof schema === "boolean") return [];
    const { properties = {}, $ref, allOf = [], anyOf = [], oneOf = [] } = schema;
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [
      ...(own === undefined ? [] : [own]),
      ...($ref === undefined ? [] : partsOf(resolve($ref, schema))),
      ...allOf.flatMap(partsOf),
      ...[anyOf, oneOf].flatMap((branches) => alternatives(branches.map(partsOf))),
    ];
  };
  const $defs = (root as JsonSchemaObject).$defs;
  return { allOf: partsOf(root), ...($defs === undefined ? {} : { $defs }) };
}

/** One of the branches holds, of which each says something; where one says nothing, so do they all. */
function alternatives(branches: readonly (readonly JsonSchema[])[]): JsonSchema[] {
  if (branches.length === 0 || branches.some((parts) => parts.length === 0)) return [];
  return [{ anyOf: branches.map((allOf) => ({ allOf })) }];
}
