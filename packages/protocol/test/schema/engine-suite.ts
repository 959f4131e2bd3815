/** The tests that every engine passes: {@link keywordCases}, formats, bounds of issues, deep and foreign values. */
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import type { Validator } from "../../src/schema/validator.ts";
import { formatCases } from "./format-cases.ts";
import { keywordCases } from "./keyword-cases.ts";

/** A list of lists of … so deep that recursion runs out of stack. */
function nestedArrays(levels: number): unknown {
  let value: unknown[] = [];
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

const nestedArraysSchema: JsonSchema = { type: "array", items: { $ref: "#" } };

/** An engine with its own patterns, or with those of `regExp`. */
export type MakeEngine = (options?: {
  readonly regExp: (source: string) => { test(text: string): boolean };
}) => Validator;

export function engineSuite(name: string, makeEngine: MakeEngine): void {
  const engine = makeEngine();

  describe(`${name} keyword by keyword`, () => {
    for (const { name: title, schema, valid, invalid } of keywordCases) {
      it(title, () => {
        const validate = engine.compile(schema);
        for (const value of valid)
          expect({ value, issue: validate(value) }).toEqual({ value, issue: undefined });
        for (const [value, path, keyword, expected] of invalid) {
          expect(validate(value)).toEqual({ path, keyword, expected });
        }
        // A verdict depends on nothing but the value.
        for (const value of valid) expect(validate(value)).toBeUndefined();
      });
    }
  });

  describe(`${name} formats`, () => {
    it.each(Object.entries(formatCases))("%s", (format, { valid, invalid }) => {
      const validate = engine.compile({ type: "string", format });
      for (const text of valid) expect(validate(text), text).toBeUndefined();
      for (const text of invalid) {
        expect(validate(text), text).toEqual({
          path: "",
          keyword: "format",
          expected: `must have the format ${format}`,
        });
      }
    });

    it("an unknown one is refused when the schema is compiled", () => {
      expect(() => engine.compile({ type: "string", format: "hostname" })).toThrow(TypeError);
    });
  });

  describe(`${name} at its bounds`, () => {
    it("a value nested too deeply to be checked is an issue, not a crash", () => {
      const validate = engine.compile(nestedArraysSchema);
      expect(validate(nestedArrays(1000))).toBeUndefined();
      expect(validate(nestedArrays(200_000))).toEqual({
        path: "",
        keyword: "depth",
        expected: "must be less deeply nested",
      });
    });

    it("a value that contains itself is an issue, not an endless loop", () => {
      const value: unknown[] = [];
      value.push(value);
      expect(engine.compile(nestedArraysSchema)(value)?.keyword).toBe("depth");
    });

    it("a path that is too long ends at a place around the issue", () => {
      const longName = "n".repeat(300);
      const validate = engine.compile({
        type: "object",
        additionalProperties: { type: "object", additionalProperties: { type: "integer" } },
      });
      expect(validate({ short: { [longName]: "x" } })?.path).toBe("/short");
      expect(validate({ [longName]: { short: "x" } })?.path).toBe("");
    });

    it("a text that is too long is cut", () => {
      const validate = engine.compile({ type: "string", pattern: `^${"a".repeat(400)}$` });
      const issue = validate("b");
      expect(issue?.expected).toHaveLength(200);
      expect(issue?.expected.endsWith("a…")).toBe(true);
    });

    it("bytes and objects of another realm are bytes and objects", () => {
      const [bytes, object] = runInNewContext("[new Uint8Array([1, 2]), { a: [1] }]") as [unknown, unknown];
      expect(bytes instanceof Uint8Array).toBe(false);
      expect(
        engine.compile({ type: "string", contentEncoding: "base64", minLength: 2 })(bytes),
      ).toBeUndefined();
      expect(engine.compile({ type: "object" })(bytes)?.keyword).toBe("type");
      const schema: JsonSchema = {
        type: "object",
        properties: { a: { type: "array", items: { type: "integer" } } },
        additionalProperties: false,
      };
      expect(engine.compile(schema)(object)).toBeUndefined();
    });

    it("a text of any length gets its answer", { timeout: 60_000 }, () => {
      const long = 200_000;
      const parts = ["a", "1", ":", ".", "-", "a@", "a.", "1.", "::", "%20", "a-", "0-", "/", "T1:"];
      const texts = parts.flatMap((part) =>
        ["", "a@", "a@a.", "http://", "http://a@", "2020-01-01T", "1.1.1.", "::"].map(
          (head) => head + part.repeat(long),
        ),
      );
      for (const format of Object.keys(formatCases)) {
        const validate = engine.compile({ type: "string", format });
        for (const text of texts) if (format !== "uri") expect(validate(`${text}!`)?.keyword).toBe("format");
        for (const text of texts) if (format === "uri") expect(validate(`${text} `)?.keyword).toBe("format");
      }
    });

    it("an array of many objects gets its answer", { timeout: 60_000 }, () => {
      const validate = engine.compile({ type: "array", uniqueItems: true });
      const items = Array.from({ length: 100_000 }, (_, id) => ({ id }));
      expect(validate(items)).toBeUndefined();
      expect(validate([...items, { id: 5 }])?.keyword).toBe("uniqueItems");
    });
  });

  describe(`${name} with a custom regExp`, () => {
    const makeRegExp = (source: string): RegExp => new RegExp(source, "u");

    it("asks it and nothing else", () => {
      const regExp = (source: string) => ({ test: (text: string) => text === source });
      const validate = makeEngine({ regExp }).compile({ type: "string", pattern: "^a$" });
      expect(validate("^a$")).toBeUndefined();
      expect(validate("a")?.keyword).toBe("pattern");
    });

    it("does not mix patterns up", () => {
      const validate = makeEngine({ regExp: makeRegExp }).compile({
        type: "object",
        properties: { a: { type: "string", pattern: "^a" }, b: { type: "string", pattern: "^b" } },
        patternProperties: { "^c": { type: "integer" } },
        additionalProperties: false,
      });
      expect(validate({ a: "a", b: "b", c1: 1 })).toBeUndefined();
      expect(validate({ a: "b" })?.path).toBe("/a");
      expect(validate({ b: "a" })?.path).toBe("/b");
      expect(validate({ c1: "x" })?.path).toBe("/c1");
    });

    it("does not ask it about a text that is too long", () => {
      const asked: string[] = [];
      const regExp = () => ({ test: (text: string) => asked.push(text) > 0 });
      const validate = makeEngine({ regExp }).compile({ type: "string", pattern: "^(a+)+$", maxLength: 3 });
      expect(validate("aaa")).toBeUndefined();
      expect(validate("aaaa")?.keyword).toBe("maxLength");
      expect(asked).toEqual(["aaa"]);
    });

    it("refuses a pattern that it refuses", () => {
      expect(() => makeEngine({ regExp: makeRegExp }).compile({ type: "string", pattern: "(" })).toThrow(
        TypeError,
      );
    });
  });

  describe(`${name} refuses to compile`, () => {
    it.each<[string, unknown]>([
      ["what is no schema", 5],
      ["null", null],
      ["an array", []],
      ["an unknown keyword", { type: "object", requird: ["a"] }],
      ["an unknown type", { type: "text" }],
      ["a pattern that is none", { type: "string", pattern: "(" }],
      ["a pattern only valid without the flag u", { type: "string", pattern: "\\-" }],
      ["a $ref that leads nowhere", { $ref: "#/$defs/gone" }],
      ["a remote $ref", { $ref: "https://example.com/schema" }],
      ["an encoding other than base64", { type: "string", contentEncoding: "base64url" }],
      ["a subschema that is none", { type: "array", items: 5 }],
    ])("%s", (_, schema) => {
      expect(() => engine.compile(schema as JsonSchema)).toThrow(TypeError);
    });
  });
}
