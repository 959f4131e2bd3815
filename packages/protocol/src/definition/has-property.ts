/** Whether the objects that a schema describes have a property of some name. */
import { resolverOf } from "../schema/references.ts";
import type { JsonSchema } from "./json-schema.ts";

/**
 * Whether `root` lists a property `name`: itself, through a `$ref`, in some part of an `allOf`, or in every branch of an
 * `anyOf` or `oneOf`. `root` has passed `checkSchema`.
 */
export function hasProperty(root: JsonSchema, name: string): boolean {
  const resolve = resolverOf(root);
  const lists = (schema: JsonSchema): boolean => {
    if (typeof schema === "boolean") return false;
    const { properties, $ref, allOf = [], anyOf = [], oneOf = [] } = schema;
    return (
      (properties !== undefined && Object.hasOwn(properties, name)) ||
      ($ref !== undefined && lists(resolve($ref, schema))) ||
      allOf.some(lists) ||
      [anyOf, oneOf].some((branches) => branches.length > 0 && branches.every(lists))
    );
  };
  return lists(root);
}
