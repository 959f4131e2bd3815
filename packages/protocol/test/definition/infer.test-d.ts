/** Infer: each keyword by itself, compared exactly. */
import { describe, expectTypeOf, test } from "vitest";
import type { Infer } from "../../src/definition/infer.ts";
import type { JsonSchema, JsonSchemaObject } from "../../src/definition/json-schema.ts";

type Text = { readonly type: "string" };
type Count = { readonly type: "integer" };

describe("type", () => {
  test("Infer knows every type by its name", () => {
    expectTypeOf<Infer<Text>>().toEqualTypeOf<string>();
    expectTypeOf<Infer<{ type: "number" }>>().toEqualTypeOf<number>();
    expectTypeOf<Infer<Count>>().toEqualTypeOf<number>();
    expectTypeOf<Infer<{ type: "boolean" }>>().toEqualTypeOf<boolean>();
    expectTypeOf<Infer<{ type: "null" }>>().toEqualTypeOf<null>();
    expectTypeOf<Infer<{ type: "array" }>>().toEqualTypeOf<unknown[]>();
    expectTypeOf<Infer<{ type: "object" }>>().toEqualTypeOf<{ [key: string]: unknown }>();
  });

  test("Infer makes a union of several types", () => {
    expectTypeOf<Infer<{ readonly type: readonly ["string", "null"] }>>().toEqualTypeOf<string | null>();
    expectTypeOf<Infer<{ readonly type: readonly ["integer", "boolean"] }>>().toEqualTypeOf<
      number | boolean
    >();
    type Nullable = { type: ["object", "null"]; properties: { a: Text }; required: ["a"] };
    expectTypeOf<Infer<Nullable>>().toEqualTypeOf<{ a: string } | null>();
    type ListOrText = { type: ["array", "string"]; items: Count };
    expectTypeOf<Infer<ListOrText>>().toEqualTypeOf<number[] | string>();
  });

  test("Infer gives unknown for true and for what says nothing, never for false", () => {
    expectTypeOf<Infer<true>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<false>>().toEqualTypeOf<never>();
    expectTypeOf<Infer<{ readonly [K in never]: never }>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<{ readonly title: "anything" }>>().toEqualTypeOf<unknown>();
  });

  test("Infer leaves out what the type system cannot say", () => {
    type Bounded = { type: "string"; minLength: 1; maxLength: 9; pattern: "^a"; format: "email"; title: "t" };
    expectTypeOf<Infer<Bounded>>().toEqualTypeOf<string>();
    type Multiple = { type: "number"; minimum: 0; exclusiveMaximum: 9; multipleOf: 2; description: "d" };
    expectTypeOf<Infer<Multiple>>().toEqualTypeOf<number>();
    expectTypeOf<Infer<{ type: "string"; not: { const: "x" } }>>().toEqualTypeOf<string>();
    expectTypeOf<Infer<{ not: { type: "string" } }>>().toEqualTypeOf<unknown>();
    type Dependent = { type: "object"; properties: { a: Text }; dependentRequired: { a: ["b"] } };
    expectTypeOf<Infer<Dependent>>().toEqualTypeOf<{ a?: string }>();
    type Unique = { type: "array"; items: Text; uniqueItems: true; contains: { const: "x" }; minItems: 1 };
    expectTypeOf<Infer<Unique>>().toEqualTypeOf<string[]>();
  });

  test("Infer ignores keywords that it does not know", () => {
    expectTypeOf<Infer<{ readonly type: "string"; readonly "x-label": "Name" }>>().toEqualTypeOf<string>();
  });
});

describe("const and enum", () => {
  test("Infer gives the constant", () => {
    expectTypeOf<Infer<{ readonly const: "a" }>>().toEqualTypeOf<"a">();
    expectTypeOf<Infer<{ readonly const: 3 }>>().toEqualTypeOf<3>();
    expectTypeOf<Infer<{ readonly const: null }>>().toEqualTypeOf<null>();
    expectTypeOf<Infer<{ readonly const: false }>>().toEqualTypeOf<false>();
    expectTypeOf<Infer<{ readonly type: "string"; readonly const: "a" }>>().toEqualTypeOf<"a">();
  });

  test("Infer gives constant arrays and objects as they are in memory, not readonly", () => {
    type Point = { readonly const: readonly [1, { readonly x: readonly ["a"] }] };
    expectTypeOf<Infer<Point>>().toEqualTypeOf<[1, { x: ["a"] }]>();
  });

  test("Infer makes a union of the enum", () => {
    expectTypeOf<Infer<{ readonly enum: readonly ["a", 1, null, true] }>>().toEqualTypeOf<
      "a" | 1 | null | true
    >();
    expectTypeOf<Infer<{ type: "string"; enum: ["a", "b"] }>>().toEqualTypeOf<"a" | "b">();
    expectTypeOf<Infer<{ type: ["string", "null"]; enum: ["a", null] }>>().toEqualTypeOf<"a" | null>();
    expectTypeOf<Infer<{ enum: [{ readonly a: 1 }, [2]] }>>().toEqualTypeOf<{ a: 1 } | [2]>();
  });
});

describe("bytes", () => {
  test("Infer gives Uint8Array for base64", () => {
    type Bytes = { readonly type: "string"; readonly contentEncoding: "base64" };
    expectTypeOf<Infer<Bytes>>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<
      Infer<Bytes & { readonly maxLength: 9; readonly contentMediaType: "image/png" }>
    >().toEqualTypeOf<Uint8Array>();
    expectTypeOf<Infer<{ type: "array"; items: Bytes }>>().toEqualTypeOf<Uint8Array[]>();
    expectTypeOf<Infer<{ anyOf: [Bytes, { type: "null" }] }>>().toEqualTypeOf<Uint8Array | null>();
  });

  test("Infer leaves text with a media type alone", () => {
    expectTypeOf<Infer<{ type: "string"; contentMediaType: "application/json" }>>().toEqualTypeOf<string>();
  });
});

describe("properties", () => {
  test("Infer makes optional what is not required", () => {
    type Mixed = { type: "object"; properties: { a: Text; b: Count; c: Text }; required: ["b"] };
    expectTypeOf<Infer<Mixed>>().toEqualTypeOf<{ a?: string; b: number; c?: string }>();
    type All = { type: "object"; properties: { a: Text; b: Count }; required: ["b", "a"] };
    expectTypeOf<Infer<All>>().toEqualTypeOf<{ a: string; b: number }>();
    type None = { type: "object"; properties: { a: Text } };
    expectTypeOf<Infer<None>>().toEqualTypeOf<{ a?: string }>();
    expectTypeOf<Infer<None & { required: [] }>>().toEqualTypeOf<{ a?: string }>();
  });

  test("Infer keeps a property with a default optional, since nothing is filled in", () => {
    type Paged = { type: "object"; properties: { size: { type: "integer"; default: 50 } } };
    expectTypeOf<Infer<Paged>>().toEqualTypeOf<{ size?: number }>();
  });

  test("Infer nests", () => {
    type Outer = {
      type: "object";
      properties: { in: { type: "object"; properties: { x: Text } } };
      required: ["in"];
    };
    expectTypeOf<Infer<Outer>>().toEqualTypeOf<{ in: { x?: string } }>();
  });

  test("Infer gives the same for open and closed objects: other names cannot be written", () => {
    type Shape = { type: "object"; properties: { a: Text }; required: ["a"] };
    expectTypeOf<Infer<Shape & { additionalProperties: false }>>().toEqualTypeOf<{ a: string }>();
    expectTypeOf<Infer<Shape & { unevaluatedProperties: false }>>().toEqualTypeOf<{ a: string }>();
  });

  test("Infer knows required names that properties does not list", () => {
    type Unlisted = { type: "object"; properties: { a: Text }; required: ["a", "b"] };
    expectTypeOf<Infer<Unlisted>>().toEqualTypeOf<{ a: string; b: unknown }>();
    type Other = { type: "object"; properties: { a: Text }; required: ["b"] };
    expectTypeOf<Infer<Other>>().toEqualTypeOf<{ a?: string; b: unknown }>();
  });

  test("Infer takes names that every object has, and names that look like numbers", () => {
    type Names = {
      type: "object";
      properties: { constructor: Text; "0": Count };
      required: ["constructor", "0"];
    };
    expectTypeOf<Infer<Names>>().toEqualTypeOf<{ constructor: string; "0": number }>();
  });

  test("Infer of properties without a type is an object, as checkSchema makes sure of", () => {
    expectTypeOf<Infer<{ properties: { a: Text }; required: ["a"] }>>().toEqualTypeOf<{ a: string }>();
  });
});

describe("maps", () => {
  test("Infer gives a map for additionalProperties alone", () => {
    expectTypeOf<Infer<{ type: "object"; additionalProperties: Count }>>().toEqualTypeOf<{
      [key: string]: number;
    }>();
    expectTypeOf<Infer<{ type: "object"; additionalProperties: true }>>().toEqualTypeOf<{
      [key: string]: unknown;
    }>();
    expectTypeOf<Infer<{ type: "object"; additionalProperties: false }>>().toEqualTypeOf<{
      [key: string]: never;
    }>();
    type Empty = { type: "object"; properties: Record<never, never>; additionalProperties: false };
    expectTypeOf<Infer<Empty>>().toEqualTypeOf<{ [key: string]: never }>();
    type Nested = { type: "object"; additionalProperties: { type: "array"; items: Text } };
    expectTypeOf<Infer<Nested>>().toEqualTypeOf<{ [key: string]: string[] }>();
  });

  test("Infer gives a map for patternProperties", () => {
    type Closed = {
      type: "object";
      patternProperties: { "^x-": Text; "^n-": Count };
      additionalProperties: false;
    };
    expectTypeOf<Infer<Closed>>().toEqualTypeOf<{ [key: string]: string | number }>();
    type Open = { type: "object"; patternProperties: { "^x-": Text } };
    expectTypeOf<Infer<Open>>().toEqualTypeOf<{ [key: string]: unknown }>();
    type Both = { type: "object"; patternProperties: { "^x-": Text }; additionalProperties: Count };
    expectTypeOf<Infer<Both>>().toEqualTypeOf<{ [key: string]: string | number }>();
  });

  test("Infer spans listed names with the index signature beside them", () => {
    type Shape = { type: "object"; properties: { a: Text; b: { type: "null" } }; required: ["a"] };
    expectTypeOf<Infer<Shape & { additionalProperties: Count }>>().toEqualTypeOf<
      { a: string; b?: null } & { [key: string]: string | number | null | undefined }
    >();
    expectTypeOf<Infer<Shape & { additionalProperties: true }>>().toEqualTypeOf<
      { a: string; b?: null } & { [key: string]: unknown }
    >();
    type Pattern = Shape & { patternProperties: { "^x-": Count }; additionalProperties: false };
    expectTypeOf<Infer<Pattern>>().toEqualTypeOf<
      { a: string; b?: null } & { [key: string]: string | number | null | undefined }
    >();
    expectTypeOf<Infer<Pattern>["a"]>().toEqualTypeOf<string>();
  });
});

describe("arrays and tuples", () => {
  test("Infer gives an array of items", () => {
    expectTypeOf<Infer<{ type: "array"; items: Text }>>().toEqualTypeOf<string[]>();
    expectTypeOf<Infer<{ type: "array"; items: { type: "array"; items: Count } }>>().toEqualTypeOf<
      number[][]
    >();
    expectTypeOf<Infer<{ type: "array"; items: true }>>().toEqualTypeOf<unknown[]>();
    expectTypeOf<Infer<{ type: "array"; items: false }>>().toEqualTypeOf<never[]>();
  });

  test("Infer gives a tuple for prefixItems; minItems says what is always there", () => {
    type Pair = {
      readonly type: "array";
      readonly prefixItems: readonly [Text, Count];
      readonly items: false;
    };
    expectTypeOf<Infer<Pair & { readonly minItems: 2 }>>().toEqualTypeOf<[string, number]>();
    expectTypeOf<Infer<Pair & { readonly minItems: 1 }>>().toEqualTypeOf<[string, number?]>();
    expectTypeOf<Infer<Pair & { readonly minItems: 0 }>>().toEqualTypeOf<[string?, number?]>();
    expectTypeOf<Infer<Pair>>().toEqualTypeOf<[string?, number?]>();
  });

  test("Infer ends a tuple as items and maxItems say", () => {
    type Pair = { type: "array"; prefixItems: [Text, Count]; minItems: 2 };
    expectTypeOf<Infer<Pair>>().toEqualTypeOf<[string, number, ...unknown[]]>();
    expectTypeOf<Infer<Pair & { items: { type: "boolean" } }>>().toEqualTypeOf<
      [string, number, ...boolean[]]
    >();
    expectTypeOf<Infer<Pair & { maxItems: 2 }>>().toEqualTypeOf<[string, number]>();
    expectTypeOf<Infer<Pair & { maxItems: 5 }>>().toEqualTypeOf<[string, number, ...unknown[]]>();
    expectTypeOf<Infer<Pair & { items: Text; maxItems: 2 }>>().toEqualTypeOf<[string, number]>();
    expectTypeOf<Infer<Pair & { items: Text; maxItems: 5 }>>().toEqualTypeOf<[string, number, ...string[]]>();
    type Long = { type: "array"; prefixItems: [Text]; minItems: 3; items: Count };
    expectTypeOf<Infer<Long>>().toEqualTypeOf<[string, ...number[]]>();
  });

  test("Infer of an empty tuple has no elements", () => {
    expectTypeOf<Infer<{ type: "array"; prefixItems: []; items: false }>>().toEqualTypeOf<[]>();
  });
});

describe("schemas that are less than constant", () => {
  test("Infer of a schema that is only known to be one is unknown", () => {
    expectTypeOf<Infer<JsonSchema>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<JsonSchemaObject>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<boolean>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<{ type: string }>>().toEqualTypeOf<unknown>();
  });

  test("Infer requires nothing when the names are not literals", () => {
    type Loose = { type: "object"; properties: { a: Text; b: Text }; required: string[] };
    expectTypeOf<Infer<Loose>>().toEqualTypeOf<{ a?: string; b?: string }>();
  });

  test("Infer of lists of unknown length widens", () => {
    expectTypeOf<Infer<{ type: "array"; prefixItems: Text[] }>>().toEqualTypeOf<unknown[]>();
    expectTypeOf<
      Infer<{ type: "array"; prefixItems: [Text, Text]; minItems: number; items: false }>
    >().toEqualTypeOf<[string?, string?]>();
    expectTypeOf<Infer<{ enum: string[] }>>().toEqualTypeOf<string>();
    expectTypeOf<Infer<{ oneOf: (Text | Count)[] }>>().toEqualTypeOf<string | number>();
    expectTypeOf<Infer<{ allOf: Text[] }>>().toEqualTypeOf<unknown>();
  });
});
