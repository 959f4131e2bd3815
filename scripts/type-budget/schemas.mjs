/**
 * The schemas that the procedures of the type budget are made of.
 */

/** @param {Record<string, unknown>} properties @param {readonly string[]} [required] default: all */
export function object(properties, required = Object.keys(properties)) {
  return { type: "object", properties, required, additionalProperties: false };
}

/** What a union or an `allOf` is made of: open, and without optional members. @param {Record<string, unknown>} properties */
export function part(properties) {
  return { type: "object", properties, required: Object.keys(properties) };
}

/** @param {unknown} items */
export const list = (items) => ({ type: "array", items });
/** @param {unknown} each */
export const map = (each) => ({ type: "object", additionalProperties: each });
/** @param {readonly unknown[]} elements */
export const tuple = (...elements) => ({
  type: "array",
  prefixItems: elements,
  minItems: elements.length,
  items: false,
});
/** @param {unknown} schema */
export const nullable = (schema) => ({ anyOf: [schema, { type: "null" }] });
/** @param {readonly string[]} values */
export const oneOf = (...values) => ({ type: "string", enum: values });
/** @param {string} name */
export const ref = (name) => ({ $ref: `#/$defs/${name}` });

export const text = { type: "string" };
export const id = { type: "string", format: "uuid" };
export const time = { type: "string", format: "date-time" };
export const count = { type: "integer", minimum: 0 };
export const amount = { type: "number" };
export const flag = { type: "boolean" };
export const nullableText = { type: ["string", "null"] };
export const address = object({ street: text, city: text, country: oneOf("DE", "FR", "US") });
