/** Cases of keywords for values of any type: booleans as schemas, `type`, `const`, `enum`, notes. */
import type { JsonSchema } from "../../../definition/json-schema.ts";
import type { KeywordCase } from "../keyword-case.ts";

export const anyTypeCases: readonly KeywordCase[] = [
  {
    name: "true accepts everything",
    schema: true,
    valid: [undefined, null, 0, "", false, Number.NaN, [], {}, new Uint8Array(1)],
    invalid: [],
  },
  {
    name: "false accepts nothing",
    schema: false,
    valid: [],
    invalid: [
      [undefined, "", "false", "must be absent"],
      [{ a: 1 }, "", "false", "must be absent"],
    ],
  },
  { name: "{} accepts everything", schema: {}, valid: [undefined, null, 0, "", {}, []], invalid: [] },
  {
    name: "type boolean",
    schema: { type: "boolean" },
    valid: [true, false],
    invalid: [
      [0, "", "type", "must be boolean"],
      [null, "", "type", "must be boolean"],
      ["true", "", "type", "must be boolean"],
    ],
  },
  {
    name: "type null",
    schema: { type: "null" },
    valid: [null],
    invalid: [
      [undefined, "", "type", "must be null"],
      [0, "", "type", "must be null"],
      [false, "", "type", "must be null"],
    ],
  },
  {
    name: "several types",
    schema: { type: ["string", "null", "integer"], minLength: 2, minimum: 5 },
    valid: ["ab", null, 5],
    invalid: [
      ["a", "", "minLength", "must have 2 or more characters"],
      [4, "", "minimum", "must be 5 or more"],
      [5.5, "", "type", "must be string or null or integer"],
      [true, "", "type", "must be string or null or integer"],
    ],
  },
  {
    name: "const with a primitive",
    schema: { const: "debug" },
    valid: ["debug"],
    invalid: [
      ["Debug", "", "const", 'must be "debug"'],
      [undefined, "", "const", 'must be "debug"'],
    ],
  },
  {
    name: "const null",
    schema: { const: null },
    valid: [null],
    invalid: [[undefined, "", "const", "must be null"]],
  },
  {
    name: "const 0",
    schema: { const: 0 },
    valid: [0, -0],
    invalid: [
      [false, "", "const", "must be 0"],
      ["", "", "const", "must be 0"],
    ],
  },
  {
    name: "const false",
    schema: { const: false },
    valid: [false],
    invalid: [[0, "", "const", "must be false"]],
  },
  {
    name: "const with an object: by content, absent members aside",
    schema: { const: { a: 1, b: [null, { c: "x" }] } },
    valid: [
      { a: 1, b: [null, { c: "x" }] },
      { b: [null, { c: "x", d: undefined }], a: 1, e: undefined },
    ],
    invalid: [
      [{ a: 1 }, "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
      [{ a: 1, b: [null, { c: "y" }] }, "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
      [{ a: 1, b: [{ c: "x" }, null] }, "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
      ['{"a":1,"b":[null,{"c":"x"}]}', "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
    ],
  },
  {
    name: "enum",
    schema: { enum: ["debug", "info", 0, null, false] },
    valid: ["debug", "info", 0, null, false],
    invalid: [
      ["warn", "", "enum", 'must be one of "debug", "info", 0, null, false'],
      [undefined, "", "enum", 'must be one of "debug", "info", 0, null, false'],
      ["", "", "enum", 'must be one of "debug", "info", 0, null, false'],
    ],
  },
  {
    name: "enum of one",
    schema: { enum: ["only"] },
    valid: ["only"],
    invalid: [["other", "", "enum", 'must be "only"']],
  },
  {
    name: "enum with objects",
    schema: { enum: [[1, 2], { a: 1 }, "x"] },
    valid: [[1, 2], { a: 1 }, { a: 1, b: undefined }, "x"],
    invalid: [
      [[2, 1], "", "enum", 'must be one of [1,2], {"a":1}, "x"'],
      [[1, 2, 3], "", "enum", 'must be one of [1,2], {"a":1}, "x"'],
      [{}, "", "enum", 'must be one of [1,2], {"a":1}, "x"'],
    ],
  },
  {
    name: "enum with more values than a text has room for",
    schema: { enum: Array.from({ length: 300 }, (_, i) => `value-${i}`) },
    valid: ["value-0", "value-299"],
    invalid: [
      [
        "value-300",
        "",
        "enum",
        `${`must be one of ${Array.from({ length: 30 }, (_, i) => `"value-${i}"`).join(", ")}`.slice(0, 199)}…`,
      ],
    ],
  },
  {
    name: "notes and keywords of the application say nothing",
    schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $comment: "c",
      title: "t",
      description: "d",
      default: { $ref: "#/nowhere" },
      examples: [{ $id: "x" }],
      deprecated: true,
      readOnly: true,
      writeOnly: false,
      "x-order": { type: "nonsense" },
      type: "string",
      contentMediaType: "text/html",
    } as JsonSchema,
    valid: ["x"],
    invalid: [[1, "", "type", "must be string"]],
  },
];
