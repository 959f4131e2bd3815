/** A JSON Schema whose TypeScript type is given by hand, where the inferred one is too wide. */
import type { JsonSchemaObject } from "./json-schema.ts";

/** A JSON Schema for values of type `Value`. */
export interface Typed<Value> extends JsonSchemaObject {
  readonly "~sluice"?: { readonly type: Value } | undefined;
}

/**
 * `schema` itself; for the compiler its values are `Value`, instead of what would be inferred. Nobody checks that this is
 * true. It may stand wherever a schema may, also deep inside one.
 *
 * `typed<`order-${string}`>({ type: "string", pattern: "^order-" })`, or, with json-schema-to-ts,
 * `typed<FromSchema<typeof order>>(order)`.
 */
export function typed<Value>(schema: JsonSchemaObject): Typed<Value> {
  // The one place where the compiler believes the author: the member is never there, only its type.
  return schema as Typed<Value>;
}
