/**
 * Which type of JSON a value has. NaN and infinities are no numbers; a view of bytes is no object.
 */
import type { JsonSchemaTypeName } from "../definition/json-schema.ts";
import type { Check } from "./rule.ts";

const isType: Readonly<Record<JsonSchemaTypeName, Check>> = {
  string: (value) => typeof value === "string",
  number: Number.isFinite,
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value),
};

/** Whether `value` is of `type`. */
export function isOfType(type: JsonSchemaTypeName, value: unknown): boolean {
  return isType[type](value);
}

/**
 * A check that `value` is of `type` and then satisfies `rules`, if any, which may rely on the type.
 * @throws {TypeError} for a name that is no type
 */
export function typeCheck(type: JsonSchemaTypeName, rules: Check | undefined): Check {
  if (!Object.hasOwn(isType, type)) throw new TypeError(`Unknown type "${type}"`);
  const is = isType[type];
  if (rules === undefined) return is;
  // The most frequent tests stand here once more: calls of `is` from one shared place would be slow for all of them.
  if (type === "string") return (value) => typeof value === "string" && rules(value);
  if (type === "object") {
    return (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      !ArrayBuffer.isView(value) &&
      rules(value);
  }
  return (value) => is(value) && rules(value);
}
