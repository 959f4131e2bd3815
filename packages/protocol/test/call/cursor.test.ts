/** Cursors: read from items, carried as JSON, and checked against what the schema of items says of that property. */
import { describe, expect, it } from "vitest";
import { Cursor } from "../../src/call/cursor.ts";
import { cursorSchema } from "../../src/call/cursor-schema.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import { closures } from "../../src/schema/closure-validator.ts";

const limits = { maxDepth: 8, maxNodes: 100 };

function cursorOf(receive: JsonSchema, isChecked = true): Cursor {
  const compile = isChecked ? (schema: JsonSchema) => closures().compile(schema) : undefined;
  return new Cursor("feed", "at", receive, compile, limits);
}

function refusal(read: () => unknown): SluiceError {
  try {
    read();
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error("It was accepted");
}

const at = (schema: JsonSchema): JsonSchema => ({ type: "object", properties: { at: schema } });

interface Example {
  readonly receive: JsonSchema;
  /** As values, and as text. */
  readonly good: readonly (readonly [value: unknown, text: string])[];
  /** As text. */
  readonly bad: readonly string[];
}

const examples: Readonly<Record<string, Example>> = {
  "a number": {
    receive: at({ type: "integer", minimum: 0 }),
    good: [
      [0, "0"],
      [7, "7"],
    ],
    bad: ["-1", "0.5", '"7"', "null"],
  },
  "a text": {
    receive: at({ type: "string" }),
    good: [
      ["", '""'],
      ["ü\u2028", '"ü\u2028"'],
    ],
    bad: ["1"],
  },
  nothing: { receive: at({ type: "null" }), good: [[null, "null"]], bad: ["0", '""'] },
  bytes: {
    receive: at({ type: "string", contentEncoding: "base64" }),
    good: [[new Uint8Array([1, 2, 255]), '"AQL/"']],
    bad: ['"?"', "[1,2]"],
  },
  "an object with bytes in it": {
    receive: at({
      type: "object",
      properties: { key: { type: "string", contentEncoding: "base64" } },
      required: ["key"],
    }),
    good: [[{ key: new Uint8Array([0]) }, '{"key":"AA=="}']],
    bad: ["{}", '{"key":1}'],
  },
  "a property of the schema's own definitions": {
    receive: {
      $ref: "#/$defs/item",
      $defs: { item: { properties: { at: { $ref: "#/$defs/place" } } }, place: { enum: ["a", "b"] } },
    },
    good: [["a", '"a"']],
    bad: ['"c"'],
  },
  "a property that holds what it is part of": {
    receive: {
      properties: { at: { anyOf: [{ $ref: "#" }, { type: "integer" }] }, n: { type: "integer" } },
      required: ["n"],
    },
    good: [
      [5, "5"],
      [{ n: 1, at: 2 }, '{"n":1,"at":2}'],
    ],
    bad: ['{"at":2}', '{"n":1,"at":{}}'],
  },
  "a property that several schemas speak of": {
    receive: {
      properties: { at: { type: "integer" } },
      allOf: [{ properties: { at: { minimum: 5 } } }, { properties: {} }],
    },
    good: [[5, "5"]],
    bad: ["4", '"5"'],
  },
  "a property that differs by branch": {
    receive: { oneOf: [at({ type: "integer" }), { allOf: [at({ type: "string" })] }] },
    good: [
      [1, "1"],
      ["x", '"x"'],
    ],
    bad: ["null"],
  },
};

describe.each(Object.entries(examples))("a cursor that is %s", (_, { receive, good, bad }) => {
  it("travels as JSON and comes back", () => {
    const cursor = cursorOf(receive);
    for (const [value, text] of good) {
      expect(cursor.write(value)).toBe(text);
      expect(cursor.read(text)).toEqual(value);
    }
  });

  it("is refused if it does not fit, without a word of what it was", () => {
    const cursor = cursorOf(receive);
    for (const text of bad) {
      const error = refusal(() => cursor.read(text));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no", retryable: false });
      expect(error.message).toMatch(/^Invalid cursor of feed: /);
    }
  });

  it("has a schema that stands alone", () => {
    const schema = JSON.parse(JSON.stringify(cursorSchema(receive, "at"))) as JsonSchema;
    const validate = closures().compile(schema);
    for (const [value] of good) expect(validate(value)).toBeUndefined();
  });
});

describe("a cursor", () => {
  it.each(["", "{", "undefined", "NaN", "01", '"\ud800'])("is refused if %j is not JSON", (text) => {
    expect(refusal(() => cursorOf(at(true)).read(text))).toMatchObject({
      code: "INVALID_ARGUMENT",
      processed: "no",
    });
  });

  it("is refused if it is nested too deep or has too many parts", () => {
    const deep = `${"[".repeat(20)}${"]".repeat(20)}`;
    const wide = JSON.stringify(Array.from({ length: 200 }, () => 0));
    for (const text of [deep, wide]) {
      expect(refusal(() => cursorOf(at(true)).read(text)).code).toBe("INVALID_ARGUMENT");
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, new Map(), () => 0, 1n])(
    "cannot be %s: JSON has none",
    (value) => {
      const error = refusal(() => cursorOf(at(true)).write(value));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
      expect(error.message).toMatch(/^Invalid cursor of feed: /);
    },
  );

  it("says the place and the expectation, not the value", () => {
    const cursor = cursorOf(at({ type: "object", properties: { n: { type: "integer" } } }));
    expect(refusal(() => cursor.read('{"n":"secret"}')).message).toBe(
      "Invalid cursor of feed: at /n must be integer (type)",
    );
  });

  it("is not checked where nothing is, and is JSON all the same", () => {
    const cursor = cursorOf(at({ type: "integer" }), false);
    expect(cursor.read('"x"')).toBe("x");
    expect(refusal(() => cursor.read("{")).code).toBe("INVALID_ARGUMENT");
  });

  it("is read from items that have one", () => {
    const cursor = cursorOf(at(true));
    expect([{ at: 1 }, { at: null }, { at: 0, b: 1 }].map((item) => cursor.of(item))).toEqual([1, null, 0]);
    for (const item of [{}, { at: undefined }, null, undefined, 5, "at"])
      expect(cursor.of(item)).toBeUndefined();
  });
});
