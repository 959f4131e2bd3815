import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, it } from "vitest";
import { closures } from "../../src/schema/closure-validator.ts";
import { jsonSchemaOf } from "../../src/schema/standard-schema.ts";

/** A Standard Schema as a library makes them, and what it was asked. */
function makeStandard(answer: () => unknown) {
  const asked: unknown[] = [];
  const schema: StandardJSONSchemaV1<string, number> = {
    "~standard": {
      version: 1,
      vendor: "handmade",
      jsonSchema: {
        input: (options) => {
          asked.push(options);
          return answer() as Record<string, unknown>;
        },
        output: () => {
          throw new Error("nobody asks for the output");
        },
      },
    },
  };
  return { schema, asked };
}

describe("jsonSchemaOf", () => {
  it.each<[string, unknown]>([
    ["true", true],
    ["false", false],
    ["an object", { type: "string" }],
  ])("JSON Schema is itself: %s", (_, schema) => expect(jsonSchemaOf(schema)).toBe(schema));

  it("asks a Standard Schema for what goes in, in draft 2020-12", () => {
    const { schema, asked } = makeStandard(() => ({ type: "string", minLength: 1 }));
    const converted = jsonSchemaOf(schema);
    expect(asked).toEqual([{ target: "draft-2020-12" }]);
    expect(closures().compile(converted)("")?.keyword).toBe("minLength");
  });

  it("asks once, and gives the same object ever after", () => {
    const { schema, asked } = makeStandard(() => ({ type: "string" }));
    expect(jsonSchemaOf(schema)).toBe(jsonSchemaOf(schema));
    expect(asked).toHaveLength(1);
  });

  it("takes schemas that are functions", () => {
    const { schema } = makeStandard(() => ({ type: "null" }));
    expect(jsonSchemaOf(Object.assign(() => "parsed", schema))).toEqual({ type: "null" });
  });

  it("refuses a schema that can only validate", () => {
    const schema: StandardSchemaV1 = {
      "~standard": { version: 1, vendor: "handmade", validate: (value) => ({ value }) },
    };
    expect(() => jsonSchemaOf(schema)).toThrow(
      new TypeError(
        "A schema of handmade cannot say its JSON Schema; wrap it in what handmade offers for Standard JSON Schema, or write JSON Schema",
      ),
    );
  });

  it("passes on why there is no JSON Schema, and asks again", () => {
    const cause = new Error("dates cannot be represented");
    const { schema, asked } = makeStandard(() => {
      throw cause;
    });
    for (const times of [1, 2]) {
      expect(() => jsonSchemaOf(schema)).toThrow(
        new TypeError(
          "A schema of handmade has no JSON Schema (draft 2020-12): dates cannot be represented",
          { cause },
        ),
      );
      expect(asked).toHaveLength(times);
    }
  });

  it("refuses an answer that is no schema", () => {
    const { schema } = makeStandard(() => "string");
    expect(() => jsonSchemaOf(schema)).toThrow(
      new TypeError("A schema of handmade said something else than a JSON Schema"),
    );
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "string"],
    ["an array", []],
    ["a function", () => true],
  ])("refuses %s", (_, slot) => {
    expect(() => jsonSchemaOf(slot)).toThrow(
      new TypeError("A schema is true, false, an object, or a Standard Schema"),
    );
  });
});
