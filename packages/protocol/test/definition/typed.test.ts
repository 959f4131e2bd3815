/** typed: a type for the compiler, nothing at run time. */
import { expect, test } from "vitest";
import { typed } from "../../src/definition/typed.ts";
import { jsonSchemaOf } from "../../src/schema/standard-schema.ts";

test("typed gives back the very schema", () => {
  const schema = { type: "string", pattern: "^order-" } as const;
  expect(typed<`order-${string}`>(schema)).toBe(schema);
});

test("a typed schema is its own JSON Schema", () => {
  const schema = typed<Date>({ type: "string", format: "date-time" });
  expect(jsonSchemaOf(schema)).toBe(schema);
  expect(Object.keys(schema)).toEqual(["type", "format"]);
});
