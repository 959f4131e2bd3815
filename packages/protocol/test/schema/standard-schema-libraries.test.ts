/** Slots with schemas of zod, valibot, arktype and TypeBox: which types they have, what is checked, what is refused and why. */
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import Type from "typebox";
import * as Value from "typebox/value";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { checkDefinition } from "../../src/definition/check-definition.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import type { ParamOf } from "../../src/definition/protocol-types.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { jsonSchemaOf } from "../../src/schema/standard-schema.ts";

const orders = {
  zod: z.object({ item: z.string().min(1), count: z.int().optional(), kind: z.enum(["pen", "ink"]) }),
  valibot: v.object({
    item: v.pipe(v.string(), v.minLength(1)),
    count: v.optional(v.pipe(v.number(), v.integer())),
    kind: v.picklist(["pen", "ink"]),
  }),
  arktype: type({ item: "string >= 1", "count?": "number.integer", kind: "'pen'|'ink'" }),
  typebox: Type.Object({
    item: Type.String({ minLength: 1 }),
    count: Type.Optional(Type.Integer()),
    kind: Type.Union([Type.Literal("pen"), Type.Literal("ink")]),
  }),
};

const shop = {
  zod: { type: "request", param: orders.zod },
  valibot: { type: "request", param: toStandardJsonSchema(orders.valibot) },
  arktype: { type: "request", param: orders.arktype },
  typebox: { type: "request", param: orders.typebox },
} as const satisfies ProtocolDefinition;
type Shop = typeof shop;
const libraries = ["zod", "valibot", "arktype", "typebox"] as const;

/** What each library says of a value by itself. */
const accepts: Record<(typeof libraries)[number], (value: unknown) => boolean> = {
  zod: (value) => orders.zod.safeParse(value).success,
  valibot: (value) => v.safeParse(orders.valibot, value).success,
  arktype: (value) => orders.arktype.allows(value),
  typebox: (value) => Value.Check(orders.typebox, value),
};

/** As a protocol does: converts the slot, judges the schema, compiles it. Returns whether it accepts `value`. */
function takes(slot: unknown, value: unknown): boolean {
  checkDefinition({ call: { type: "request", param: slot } } as ProtocolDefinition);
  return closures().compile(jsonSchemaOf(slot))(value) === undefined;
}

/** Why a protocol refuses the slot. */
function refusal(slot: unknown): string {
  try {
    checkDefinition({ call: { type: "request", param: slot } } as ProtocolDefinition);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

test("a slot has the input type of its schema", () => {
  interface Order {
    item: string;
    count?: number;
    kind: "pen" | "ink";
  }
  // These two say that an optional member may be `undefined`, which counts as absent.
  interface LooseOrder {
    item: string;
    count?: number | undefined;
    kind: "pen" | "ink";
  }
  expectTypeOf<ParamOf<Shop, "zod">>().toEqualTypeOf<LooseOrder>();
  expectTypeOf<ParamOf<Shop, "valibot">>().toEqualTypeOf<LooseOrder>();
  expectTypeOf<ParamOf<Shop, "arktype">>().toEqualTypeOf<Order>();
  expectTypeOf<ParamOf<Shop, "typebox">>().toEqualTypeOf<Order>();
});

describe.each(libraries)("a schema of %s", (library) => {
  test.each<[string, unknown, boolean]>([
    ["a whole value", { item: "pen", count: 2, kind: "pen" }, true],
    ["an absent optional member", { item: "ink", kind: "ink" }, true],
    ["a further member", { item: "pen", kind: "pen", colour: "red" }, true],
    ["a text that is too short", { item: "", kind: "pen" }, false],
    ["a fraction", { item: "pen", count: 1.5, kind: "pen" }, false],
    ["a value out of the enumeration", { item: "pen", kind: "paper" }, false],
    ["a missing member", { item: "pen" }, false],
    ["null", null, false],
    ["an array", [], false],
  ])("judges %s as the library does", (_what, value, isValid) => {
    expect(accepts[library](value)).toBe(isValid);
    expect(takes(shop[library].param, value)).toBe(isValid);
  });

  test("is asked once, and gives the same object ever after", () => {
    const slot = shop[library].param;
    expect(jsonSchemaOf(slot)).toBe(jsonSchemaOf(slot));
  });
});

interface Tree {
  value: number;
  next?: Tree | undefined;
}
const valibotTree: v.GenericSchema<Tree> = v.object({
  value: v.number(),
  next: v.optional(v.lazy(() => valibotTree)),
});
const zodTree = z.object({
  value: z.number(),
  get next() {
    return zodTree.optional();
  },
});

test.each<[string, unknown, unknown, unknown]>([
  ["zod: strict", z.strictObject({ a: z.string() }), { a: "" }, { a: "", b: 1 }],
  ["valibot: strict", toStandardJsonSchema(v.strictObject({ a: v.string() })), { a: "" }, { a: "", b: 1 }],
  ["arktype: strict", type({ "+": "reject", a: "string" }), { a: "" }, { a: "", b: 1 }],
  [
    "typebox: strict",
    Type.Object({ a: Type.String() }, { additionalProperties: false }),
    { a: "" },
    { a: "", b: 1 },
  ],
  ["zod: recursion", zodTree, { value: 1, next: { value: 2 } }, { value: 1, next: { value: "2" } }],
  [
    "valibot: recursion",
    toStandardJsonSchema(valibotTree),
    { value: 1, next: { value: 2 } },
    { value: 1, next: {} },
  ],
  [
    "arktype: recursion",
    type.module({ tree: { value: "number", "next?": "tree" } }).tree,
    { value: 1, next: { value: 2 } },
    { value: 1, next: {} },
  ],
  ["zod: a tuple", z.tuple([z.number(), z.number()]), [1, 2], [1, 2, 3]],
  ["valibot: a tuple", toStandardJsonSchema(v.strictTuple([v.number(), v.number()])), [1, 2], [1, 2, 3]],
  ["arktype: a tuple", type(["number", "number"]), [1, 2], [1, 2, 3]],
  [
    "zod: a tagged union",
    z.discriminatedUnion("t", [
      z.object({ t: z.literal("a"), x: z.number() }),
      z.object({ t: z.literal("b") }),
    ]),
    { t: "b" },
    { t: "a" },
  ],
  [
    "valibot: a tagged union",
    toStandardJsonSchema(
      v.variant("t", [v.object({ t: v.literal("a"), x: v.number() }), v.object({ t: v.literal("b") })]),
    ),
    { t: "b" },
    { t: "a" },
  ],
  ["arktype: a union", type({ t: "'a'", x: "number" }).or({ t: "'b'" }), { t: "b" }, { t: "a" }],
  ["zod: a record", z.record(z.string(), z.number()), { a: 1 }, { a: "1" }],
  ["zod: a nullable member", z.object({ a: z.string().nullable() }), { a: null }, { a: 1 }],
  [
    "zod: formats",
    z.object({ at: z.iso.datetime(), by: z.email() }),
    { at: "2026-01-02T03:04:05Z", by: "a@b.cd" },
    { at: "yesterday", by: "a@b.cd" },
  ],
  ["zod: a transform is not run: the input is checked", z.string().transform(Number), "7", 7],
  [
    "valibot: a transform is not run: the input is checked",
    toStandardJsonSchema(v.pipe(v.string(), v.transform(Number))),
    "7",
    7,
  ],
  ["arktype: a morph is not run: the input is checked", type("string").pipe((text) => text.length), "7", 7],
  [
    "zod: a default is not filled in, the member is optional",
    z.object({ n: z.number().default(3) }),
    {},
    { n: "3" },
  ],
])("%s", (_name, slot, good, bad) => {
  expect([takes(slot, good), takes(slot, bad)]).toEqual([true, false]);
});

test.each<[string, unknown, unknown]>([
  ["zod: a refinement", z.number().refine((n) => n % 2 === 0), 3],
  ["arktype: a narrowing", type("number").narrow((n) => n % 2 === 0), 3],
  ["arktype: Date", type("Date"), "no date"],
  ["arktype: bigint", type("bigint"), "no bigint"],
])("%s is left out by the library, so that it is not checked on the wire", (_name, slot, value) => {
  expect(takes(slot, value)).toBe(true);
});

test.each<[string, unknown, string]>([
  [
    "valibot without its conversion",
    orders.valibot,
    "A schema of valibot cannot say its JSON Schema; wrap it",
  ],
  [
    "valibot: a check",
    toStandardJsonSchema(
      v.pipe(
        v.number(),
        v.check((n) => n > 0),
      ),
    ),
    '"check" action cannot be converted',
  ],
  ["valibot: a date", toStandardJsonSchema(v.date()), '"date" schema cannot be converted'],
  ["zod: a date", z.date(), "Date cannot be represented in JSON Schema"],
  ["zod: a bigint", z.bigint(), "BigInt cannot be represented in JSON Schema"],
  ["zod: bytes by class", z.instanceof(Uint8Array), "cannot be represented in JSON Schema"],
  ["zod: base64", z.base64(), "format has a value it cannot have"],
  ["zod: a file", z.file(), "format has a value it cannot have"],
  ["arktype: any uuid", type("string.uuid"), "format is for values of type string"],
  ["typebox: a tuple, of an older draft", Type.Tuple([Type.Number()]), "write items beside prefixItems"],
])("a protocol refuses %s, and says why", (_name, slot, why) => {
  expect(refusal(slot)).toContain(why);
});
