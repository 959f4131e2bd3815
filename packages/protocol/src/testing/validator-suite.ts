/** The tests that every validator passes: keywords, formats, bounds of issues, deep and foreign values. */
import type { JsonSchema } from "../definition/json-schema.ts";
import type { Validator } from "../schema/validator.ts";
import { check, same } from "./suite/expect.ts";
import type { TestFunctions } from "./test-functions.ts";
import { formatCases } from "./validator/format-cases.ts";
import { keywordCases } from "./validator/keyword-cases.ts";

/** A validator with its own patterns, or with those of `regExp`. */
export type MakeValidator = (options?: {
  readonly regExp: (source: string) => { test(text: string): boolean };
}) => Validator;

export interface ValidatorSuiteOptions {
  readonly test: TestFunctions;
  /** Evaluates a program in another realm, whose classes are not those of this one (as `node:vm` does). Without it that is not tested. */
  readonly inAnotherRealm?: (program: string) => unknown;
}

type Test = (title: string, body: () => void) => void;

const longestMs = 60_000;
const nestedArraysSchema: JsonSchema = { type: "array", items: { $ref: "#" } };

/** Registers the tests of the validators that `makeValidator` makes, under `name`. */
export function validatorSuite(
  name: string,
  makeValidator: MakeValidator,
  options: ValidatorSuiteOptions,
): void {
  const { describe, it } = options.test;
  const validator = makeValidator();
  const test: Test = (title, body) => void it(title, async () => body(), longestMs);
  describe(`${name} keyword by keyword`, () => testKeywords(validator, test));
  describe(`${name} formats`, () => testFormats(validator, test));
  describe(`${name} at its bounds`, () => {
    testBounds(validator, test);
    testCost(validator, test);
    const { inAnotherRealm } = options;
    if (inAnotherRealm !== undefined) testRealms(validator, inAnotherRealm, test);
  });
  describe(`${name} with a custom regExp`, () => testRegExp(makeValidator, test));
  describe(`${name} refuses to compile`, () => testRefusals(validator, test));
}

function testKeywords(validator: Validator, test: Test): void {
  for (const { name, schema, valid, invalid } of keywordCases) {
    test(name, () => {
      const validate = validator.compile(schema);
      for (const [at, value] of valid.entries()) same(validate(value), undefined, `the issue of value ${at}`);
      for (const [value, path, keyword, expected] of invalid) {
        same(validate(value), { path, keyword, expected }, "the issue");
      }
      // A verdict depends on nothing but the value.
      for (const value of valid) same(validate(value), undefined, "the issue, the second time");
    });
  }
}

function testFormats(validator: Validator, test: Test): void {
  for (const [format, { valid, invalid }] of Object.entries(formatCases)) {
    test(format, () => {
      const validate = validator.compile({ type: "string", format });
      const issue = { path: "", keyword: "format", expected: `must have the format ${format}` };
      for (const text of valid) same(validate(text), undefined, text);
      for (const text of invalid) same(validate(text), issue, text);
    });
  }

  test("an unknown one is refused when the schema is compiled", () =>
    refuses(() => validator.compile({ type: "string", format: "hostname" })));
}

function testBounds(validator: Validator, test: Test): void {
  test("a value nested too deeply to be checked is an issue, not a crash", () => {
    const validate = validator.compile(nestedArraysSchema);
    const issue = { path: "", keyword: "depth", expected: "must be less deeply nested" };
    same(validate(nestedArrays(1_000)), undefined, "1,000 levels");
    same(validate(nestedArrays(200_000)), issue, "200,000 levels");
  });

  test("a value that contains itself is an issue, not an endless loop", () => {
    const value: unknown[] = [];
    value.push(value);
    same(validator.compile(nestedArraysSchema)(value)?.keyword, "depth", "the keyword");
  });

  test("a path that is too long ends at a place around the issue", () => {
    const longName = "n".repeat(300);
    const validate = validator.compile({
      type: "object",
      additionalProperties: { type: "object", additionalProperties: { type: "integer" } },
    });
    same(validate({ short: { [longName]: "x" } })?.path, "/short", "the path");
    same(validate({ [longName]: { short: "x" } })?.path, "", "the path");
  });

  test("a text that is too long is cut", () => {
    const validate = validator.compile({ type: "string", pattern: `^${"a".repeat(400)}$` });
    const expected = validate("b")?.expected ?? "";
    same([expected.length, expected.endsWith("a…")], [200, true], "length and end");
  });
}

function testCost(validator: Validator, test: Test): void {
  test("a text of any length gets its answer", () => {
    const long = 200_000;
    const parts = ["a", "1", ":", ".", "-", "a@", "a.", "1.", "::", "%20", "a-", "0-", "/", "T1:"];
    const heads = ["", "a@", "a@a.", "http://", "http://a@", "2020-01-01T", "1.1.1.", "::"];
    const texts = parts.flatMap((part) => heads.map((head) => head + part.repeat(long)));
    for (const format of Object.keys(formatCases)) {
      const validate = validator.compile({ type: "string", format });
      // What ends like this has no format.
      const end = format === "uri" ? " " : "!";
      for (const text of texts) same(validate(text + end)?.keyword, "format", `${format}: the keyword`);
    }
  });

  test("an array of many objects gets its answer", () => {
    const validate = validator.compile({ type: "array", uniqueItems: true });
    const items = Array.from({ length: 100_000 }, (_, id) => ({ id }));
    same(validate(items), undefined, "the issue of items that differ");
    same(validate([...items, { id: 5 }])?.keyword, "uniqueItems", "the keyword");
  });
}

function testRealms(validator: Validator, inAnotherRealm: (program: string) => unknown, test: Test): void {
  test("bytes and objects of another realm are bytes and objects", () => {
    const [bytes, object] = inAnotherRealm("[new Uint8Array([1, 2]), { a: [1] }]") as [unknown, unknown];
    check(!(bytes instanceof Uint8Array), "the bytes are of another realm");
    const bytesSchema: JsonSchema = { type: "string", contentEncoding: "base64", minLength: 2 };
    same(validator.compile(bytesSchema)(bytes), undefined, "the issue of bytes");
    same(validator.compile({ type: "object" })(bytes)?.keyword, "type", "the keyword");
    const schema: JsonSchema = {
      type: "object",
      properties: { a: { type: "array", items: { type: "integer" } } },
      additionalProperties: false,
    };
    same(validator.compile(schema)(object), undefined, "the issue of an object");
  });
}

function testRegExp(makeValidator: MakeValidator, test: Test): void {
  const regExp = (source: string): RegExp => new RegExp(source, "u");

  test("asks it and nothing else", () => {
    const literal = (source: string) => ({ test: (text: string) => text === source });
    const validate = makeValidator({ regExp: literal }).compile({ type: "string", pattern: "^a$" });
    same([validate("^a$"), validate("a")?.keyword], [undefined, "pattern"], "issues");
  });

  test("does not mix patterns up", () => {
    const validate = makeValidator({ regExp }).compile({
      type: "object",
      properties: { a: { type: "string", pattern: "^a" }, b: { type: "string", pattern: "^b" } },
      patternProperties: { "^c": { type: "integer" } },
      additionalProperties: false,
    });
    same(validate({ a: "a", b: "b", c1: 1 }), undefined, "the issue");
    const paths = [{ a: "b" }, { b: "a" }, { c1: "x" }].map((value) => validate(value)?.path);
    same(paths, ["/a", "/b", "/c1"], "the paths");
  });

  test("does not ask it about a text that is too long", () => {
    const asked: string[] = [];
    const asking = () => ({ test: (text: string) => asked.push(text) > 0 });
    const schema: JsonSchema = { type: "string", pattern: "^(a+)+$", maxLength: 3 };
    const validate = makeValidator({ regExp: asking }).compile(schema);
    same([validate("aaa"), validate("aaaa")?.keyword], [undefined, "maxLength"], "issues");
    same(asked, ["aaa"], "what it was asked about");
  });

  test("refuses a pattern that it refuses", () =>
    refuses(() => makeValidator({ regExp }).compile({ type: "string", pattern: "(" })));
}

/** What must not compile; some of it has no type. */
const refused: readonly (readonly [what: string, schema: unknown])[] = [
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
];

function testRefusals(validator: Validator, test: Test): void {
  for (const [what, schema] of refused)
    test(what, () => refuses(() => validator.compile(schema as JsonSchema)));
}

function refuses(compile: () => unknown): void {
  let thrown: unknown;
  try {
    compile();
  } catch (reason) {
    thrown = reason;
  }
  check(thrown instanceof TypeError, "compiling throws a TypeError");
}

/** A list of lists of … so deep that recursion runs out of stack. */
function nestedArrays(levels: number): unknown {
  let value: unknown[] = [];
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}
