/**
 * Byte strings: the schema `{ type: "string", contentEncoding: "base64" }` and the `Uint8Array` that it stands for.
 */
import type { JsonSchemaObject } from "../definition/json-schema.ts";

/** Whether values of `schema` are `Uint8Array` in memory, and base64 in JSON text. */
export function isByteString(schema: JsonSchemaObject): boolean {
  return schema.type === "string" && schema.contentEncoding === "base64";
}

/** Whether `value` is a `Uint8Array` (or a subclass such as Buffer), also one of another realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]")
  );
}
