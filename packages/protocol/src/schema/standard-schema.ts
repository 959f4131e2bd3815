/**
 * Turns a slot of a protocol into JSON Schema: it is one already, or a Standard Schema that can say it.
 *
 * Spec: https://standardschema.dev/json-schema
 */
import type { StandardJSONSchemaV1, StandardTypedV1 } from "@standard-schema/spec";
import type { JsonSchema } from "../definition/json-schema.ts";
import { isSchema } from "./keywords.ts";

const converted = new WeakMap<object, JsonSchema>();

/**
 * The JSON Schema of `slot`: what goes in, as it travels. A Standard Schema is asked once, and always gives the same object.
 * @throws {TypeError} if `slot` is neither, or cannot say its JSON Schema
 */
export function jsonSchemaOf(slot: unknown): JsonSchema {
  if (!isStandard(slot)) {
    if (!isSchema(slot)) throw new TypeError("A schema is true, false, an object, or a Standard Schema");
    return slot;
  }
  const known = converted.get(slot);
  if (known !== undefined) return known;
  const schema = convert(slot["~standard"]);
  converted.set(slot, schema);
  return schema;
}

/** Some libraries have schemas that are functions. */
function isStandard(slot: unknown): slot is StandardTypedV1 {
  return ((typeof slot === "object" && slot !== null) || typeof slot === "function") && "~standard" in slot;
}

function convert(standard: StandardTypedV1.Props): JsonSchema {
  const { vendor, jsonSchema }: Partial<StandardJSONSchemaV1.Props> = standard;
  if (typeof jsonSchema?.input !== "function") {
    throw new TypeError(
      `A schema of ${vendor} cannot say its JSON Schema; wrap it in what ${vendor} offers for Standard JSON Schema, or write JSON Schema`,
    );
  }
  let schema: unknown;
  try {
    schema = jsonSchema.input({ target: "draft-2020-12" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`A schema of ${vendor} has no JSON Schema (draft 2020-12): ${reason}`, { cause });
  }
  if (!isSchema(schema)) throw new TypeError(`A schema of ${vendor} said something else than a JSON Schema`);
  return schema;
}
