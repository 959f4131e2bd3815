/**
 * Infer against another reader of JSON Schema, json-schema-to-ts, where that one is right.
 *
 * Left out: what it cannot read (`$defs`, `prefixItems`, recursion) and open objects, to which it adds an index signature.
 */
import type { FromSchema } from "json-schema-to-ts";
import { expectTypeOf, test } from "vitest";
import type { Infer } from "../../src/definition/infer.ts";
import { typed } from "../../src/definition/typed.ts";

const scalars = { type: "array", items: { type: ["string", "integer", "boolean", "null"] } } as const;
const constants = { enum: ["a", 1, null, true] } as const;
const map = { type: "object", additionalProperties: { type: "array", items: { const: "x" } } } as const;
const pattern = {
  type: "object",
  patternProperties: { "^x-": { type: "string" } },
  additionalProperties: false,
} as const;
const user = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" }, tags: scalars },
  required: ["name"],
  additionalProperties: false,
} as const;
const nested = {
  type: "object",
  properties: { owner: user, members: { type: "array", items: user }, limits: map, kind: constants },
  required: ["owner", "kind"],
  additionalProperties: false,
} as const;
const nullable = { anyOf: [user, { type: "null" }] } as const;
const tagged = {
  oneOf: [
    {
      type: "object",
      properties: { kind: { const: "user" }, user },
      required: ["kind", "user"],
      additionalProperties: false,
    },
    {
      type: "object",
      properties: { kind: { const: "guest" } },
      required: ["kind"],
      additionalProperties: false,
    },
  ],
} as const;
const defaulted = {
  type: "object",
  properties: { size: { type: "integer", default: 50 }, sort: { enum: ["asc", "desc"], default: "asc" } },
  additionalProperties: false,
} as const;

test("Infer and FromSchema agree", () => {
  expectTypeOf<Infer<typeof scalars>>().toEqualTypeOf<FromSchema<typeof scalars>>();
  expectTypeOf<Infer<typeof constants>>().toEqualTypeOf<FromSchema<typeof constants>>();
  expectTypeOf<Infer<typeof map>>().toEqualTypeOf<FromSchema<typeof map>>();
  expectTypeOf<Infer<typeof pattern>>().toEqualTypeOf<FromSchema<typeof pattern>>();
  expectTypeOf<Infer<typeof user>>().toEqualTypeOf<FromSchema<typeof user>>();
  expectTypeOf<Infer<typeof nested>>().toEqualTypeOf<FromSchema<typeof nested>>();
  expectTypeOf<Infer<typeof nullable>>().toEqualTypeOf<FromSchema<typeof nullable>>();
  expectTypeOf<Infer<typeof tagged>>().toEqualTypeOf<FromSchema<typeof tagged>>();
});

test("Infer and FromSchema agree on defaults, when that one keeps them optional", () => {
  type Kept = FromSchema<typeof defaulted, { keepDefaultedPropertiesOptional: true }>;
  expectTypeOf<Infer<typeof defaulted>>().toEqualTypeOf<Kept>();
  expectTypeOf<Infer<typeof defaulted>>().not.toEqualTypeOf<FromSchema<typeof defaulted>>();
});

test("typed takes the other's type instead", () => {
  const open = { type: "object", properties: { a: { type: "string" } } } as const;
  const other = typed<FromSchema<typeof open>>(open);
  expectTypeOf<Infer<typeof other>>().toEqualTypeOf<FromSchema<typeof open>>();
  expectTypeOf<Infer<typeof other>>().not.toEqualTypeOf<Infer<typeof open>>();
});
