import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { type BundleOptions, bundledSchema } from "../../src/schema/bundled-schema.ts";
import { checkSchema } from "../../src/schema/check-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { cpuMs } from "./cpu-ms.ts";

/** Schemas with keywords that the type leaves out, since no protocol has them. */
const anySchema = (schema: object): JsonSchema => schema as JsonSchema;

function accepts(schema: JsonSchema, options: BundleOptions, value: unknown): boolean {
  return closures().compile(bundledSchema(schema, options))(value) === undefined;
}

const person: JsonSchema = {
  $id: "https://example.com/person",
  type: "object",
  properties: { name: { $ref: "text#short" }, friends: { type: "array", items: { $ref: "#" } } },
  required: ["name"],
};
const text: JsonSchema = { $defs: { short: { $anchor: "short", type: "string", maxLength: 3 } } };
const documents = { "https://example.com/person": person, "https://example.com/text": text };

/** A tree of which `strict` makes a tree without further members. */
const tree = anySchema({
  $id: "https://example.com/tree",
  $dynamicAnchor: "node",
  type: "object",
  properties: { data: true, children: { type: "array", items: { $dynamicRef: "#node" } } },
});
const strictTree = anySchema({
  $id: "https://example.com/strict-tree",
  $dynamicAnchor: "node",
  type: "object",
  $ref: "tree",
  unevaluatedProperties: false,
});

describe("bundledSchema", () => {
  it("leaves a schema that stands alone as it is, and itself untouched", () => {
    const schema: JsonSchema = Object.freeze({ type: "array", items: Object.freeze({ type: "integer" }) });
    expect(bundledSchema(schema)).toEqual(schema);
    expect(bundledSchema(true)).toBe(true);
  });

  it("makes a schema that may stand in a protocol out of one with documents", () => {
    const bundle = bundledSchema(
      { type: "array", items: { $ref: "https://example.com/person" } },
      { documents },
    );
    expect(() => checkSchema(bundle, "a bundle")).not.toThrow();
    const validate = closures().compile(bundle);
    expect(validate([{ name: "Ann", friends: [{ name: "Bob" }] }])).toBeUndefined();
    expect(validate([{ name: "Ann", friends: [{ name: "Robert" }] }])?.path).toBe("/0/friends/0/name");
  });

  it("fetches nothing: a reference to what is not given is an error", () => {
    const given: JsonSchema = { $ref: "https://example.com/gone" };
    expect(() => bundledSchema(given, { documents })).toThrow(
      new TypeError('$ref "https://example.com/gone" leads to no schema of this document'),
    );
    expect(() => bundledSchema({ $ref: "toString" }, { documents: {} })).toThrow(TypeError);
    expect(() => bundledSchema(anySchema({ $dynamicRef: "#gone" }))).toThrow(TypeError);
  });

  it("refuses unknown keywords", () => {
    expect(() => bundledSchema(anySchema({ requird: ["a"] }))).toThrow('Unknown keyword "requird"');
    expect(() => bundledSchema(JSON.parse('{ "__proto__": { "type": "string" } }'))).toThrow(
      "Unknown keyword",
    );
  });

  it("follows $dynamicRef to the outermost anchor of the name, however deep the value", () => {
    const wrong = { children: [{ children: [{ daat: 1 }] }] };
    const right = { children: [{ children: [{ data: 1 }] }] };
    const given = { documents: { "https://example.com/tree": tree } };
    expect([right, wrong].map((value) => accepts(tree, {}, value))).toEqual([true, true]);
    expect([right, wrong].map((value) => accepts(strictTree, given, value))).toEqual([true, false]);
  });

  it("leaves a dynamic scope where the reference ends", () => {
    const both: JsonSchema = {
      type: "object",
      properties: {
        loose: { $ref: "https://example.com/tree" },
        strict: { $ref: "https://example.com/strict-tree" },
      },
    };
    const given = {
      documents: { "https://example.com/tree": tree, "https://example.com/strict-tree": strictTree },
    };
    const wrong = { children: [{ daat: 1 }] };
    expect(accepts(both, given, { loose: wrong })).toBe(true);
    expect(accepts(both, given, { strict: wrong })).toBe(false);
  });

  it("keeps $ref and $dynamicRef of one schema", () => {
    const schema = anySchema({
      $ref: "#/$defs/least",
      $dynamicRef: "#most",
      allOf: [{ multipleOf: 2 }],
      $defs: { least: { minimum: 2 }, most: { $dynamicAnchor: "most", maximum: 4 } },
    });
    expect([0, 2, 3, 4, 6].filter((value) => accepts(schema, {}, value))).toEqual([2, 4]);
  });

  it("leaves out format and contentEncoding when they are notes", () => {
    const notes: JsonSchema[] = [
      { type: "string", format: "date" },
      { type: "string", format: "hostname" },
      { type: "string", contentEncoding: "base64" },
      { type: "string", contentEncoding: "base32" },
    ];
    for (const schema of notes)
      expect(bundledSchema(schema, { formats: "annotate" })).toEqual({ type: "string" });
    for (const schema of notes) expect(bundledSchema(schema)).toEqual(schema);
  });

  it("leaves out the keywords that the vocabularies of the schema do not have", () => {
    const core = "https://json-schema.org/draft/2020-12/vocab/core";
    const validation = "https://json-schema.org/draft/2020-12/vocab/validation";
    const schema = (dialect: string): JsonSchema => ({
      $schema: `https://example.com/${dialect}`,
      minimum: 5,
    });
    const dialects = {
      "https://example.com/loose": anySchema({ $vocabulary: { [core]: true } }),
      "https://example.com/strict": anySchema({ $vocabulary: { [core]: true, [validation]: true } }),
    };
    const minimums = ["loose", "strict", "unknown"].map((dialect) =>
      accepts(schema(dialect), { documents: dialects }, 1),
    );
    expect(minimums).toEqual([true, false, false]);
  });

  it("refuses a bundle that dynamic anchors make endless", () => {
    const count = 30;
    const defs: Record<string, object> = {};
    // Each resource is entered or not on the way to the next, and both ways make a scope of their own.
    for (let i = 0; i < count; i++) {
      const $ref = i + 1 < count ? `step${i + 1}` : "end";
      defs[`step${i}`] = { $id: `step${i}`, anyOf: [{ $ref: `detour${i}` }, { $ref }] };
      defs[`detour${i}`] = {
        $id: `detour${i}`,
        $dynamicAnchor: `a${i}`,
        anyOf: [{ $ref }, { type: "null" }],
      };
    }
    const schema = anySchema({
      $id: "https://example.com/root",
      $ref: "step0",
      $defs: { ...defs, end: { $id: "end", type: "null" } },
    });
    const start = cpuMs();
    expect(() => bundledSchema(schema)).toThrow("more than 20000 schemas");
    expect(cpuMs() - start).toBeLessThan(5_000);
  });
});
