/** Values and what an engine says of them: what engines have got wrong where code cannot be generated, and every keyword once. */
import type { JsonSchema, Validator } from "@sluice/protocol";
import { Dice, isUsable, randomSchema, valueFor } from "@sluice/protocol/testing";

interface VerdictRow {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly values: readonly unknown[];
}

const integer: JsonSchema = { type: "integer" };

const nested: unknown[] = [];
for (let level = 0, inside = nested; level < 50_000; level++) {
  const next: unknown[] = [];
  inside.push(next);
  inside = next;
}

/** Values are asked for one after the other and then again: a verdict may depend on nothing that came before. */
const rows: readonly VerdictRow[] = [
  {
    name: "unevaluatedProperties, refused after accepted",
    schema: {
      type: "object",
      properties: { kind: { type: "string" } },
      anyOf: [
        { type: "object", properties: { size: { type: "number" } }, required: ["size"] },
        { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      ],
      unevaluatedProperties: false,
    },
    values: [
      { kind: "a", extra: 1, size: 1 },
      { kind: "a", size: 1 },
      { text: "t", toString: 1 },
      { text: "t" },
    ],
  },
  {
    name: "unevaluatedItems, refused after accepted",
    schema: {
      type: "array",
      prefixItems: [{ type: "integer" }],
      contains: { type: "string" },
      unevaluatedItems: false,
    },
    values: [[1, "a", 2], [1, "a"], [1, 2, "a"], [1, "a", "b"], [1]],
  },
  {
    name: "members that every object inherits",
    schema: {
      type: "object",
      properties: { toString: integer, valueOf: integer },
      required: ["toString"],
      additionalProperties: false,
    },
    values: [{}, { toString: 1 }, { toString: "1" }, { toString: 1, constructor: 1 }],
  },
  {
    name: "members that are undefined",
    schema: {
      type: "object",
      properties: { a: { type: "integer" } },
      required: ["a"],
      additionalProperties: false,
      minProperties: 1,
    },
    values: [{ a: undefined }, { a: 1, b: undefined }, { a: 1 }, { b: 1 }],
  },
  {
    name: "numbers that are none",
    schema: { type: "number" },
    values: [0, -0, Number.NaN, Number.POSITIVE_INFINITY, "1", null, 1n],
  },
  { name: "integers", schema: { type: "integer" }, values: [2, 2.0, 2.5, 1e300, Number.NaN] },
  { name: "decimals", schema: { type: "number", multipleOf: 0.01 }, values: [4.35, 4.355, 0.07, 1e-7] },
  {
    name: "text in code points",
    schema: { type: "string", maxLength: 1 },
    values: ["", "a", "ü", "💧", "💧💧", "e\u0301"],
  },
  {
    name: "patterns",
    schema: { type: "string", pattern: "^\\p{L}+$" },
    values: ["Überfluß", "a1", "", "日本"],
  },
  {
    name: "bytes",
    schema: { type: "string", contentEncoding: "base64", minLength: 2, maxLength: 3 },
    values: [new Uint8Array(1), new Uint8Array(2), new Uint8Array(4), "AAA=", [0, 0]],
  },
  {
    name: "equality by content",
    schema: { enum: [{ a: 1, b: [2] }, null, 5] },
    values: [{ b: [2], a: 1 }, { a: 1, b: [3] }, null, undefined, 5, "5"],
  },
  {
    name: "unique items",
    schema: { type: "array", uniqueItems: true },
    values: [
      [1, 2],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [1, "1", true],
    ],
  },
  {
    name: "a tagged union",
    schema: {
      oneOf: [
        {
          type: "object",
          properties: { kind: { const: "circle" }, radius: { type: "number" } },
          required: ["kind", "radius"],
        },
        {
          type: "object",
          properties: { kind: { const: "square" }, side: { type: "number" } },
          required: ["kind", "side"],
        },
      ],
    },
    values: [{ kind: "circle", radius: 1 }, { kind: "circle", side: 1 }, { kind: "square", side: 1 }, {}],
  },
  {
    name: "values that are nested too deeply",
    schema: { type: "array", items: { $ref: "#" } },
    values: [[[[]]], nested],
  },
  ...["uuid", "date-time", "date", "time", "email", "uri", "ipv4", "ipv6"].map(
    (format): VerdictRow => ({
      name: `format ${format}`,
      schema: { type: "string", format },
      values: [
        "00000000-0000-4000-8000-000000000000",
        "2026-02-29T10:00:00Z",
        "2024-02-29T23:59:60Z",
        "2024-02-29",
        "23:59:60Z",
        "a@b.example",
        "https://[::1]:80/a?b#c",
        "127.0.0.1",
        "::ffff:1.2.3.4",
        "",
      ],
    }),
  ),
];

/** What `engine` says of every value: `valid`, or place and keyword and expectation. */
export function tableVerdicts(engine: Validator): string[] {
  return rows.flatMap(({ name, schema, values }) => {
    const validate = engine.compile(schema);
    const round = () =>
      values.map((value, at) => {
        const issue = validate(value);
        const verdict = issue === undefined ? "valid" : `${issue.path} ${issue.keyword}: ${issue.expected}`;
        return `${name} #${at}: ${verdict}`;
      });
    return [...round(), ...round().map((line) => `again, ${line}`)];
  });
}

/** How many random schemas {@link randomVerdicts} draws. */
const drawn = 150;

/** What `engine` says of 20 random values for each of many random schemas, which are the same everywhere. */
export function randomVerdicts(engine: Validator): string[] {
  return Array.from({ length: drawn }, (_, seed) => seed).flatMap((seed) => {
    const dice = Dice.seeded(seed);
    const schema = randomSchema(dice, { unevaluated: dice.oneIn(2), edges: dice.oneIn(2) });
    if (!isUsable(schema)) return [];
    const validate = engine.compile(schema);
    const keywords = Array.from({ length: 20 }, () => {
      const issue = validate(valueFor(schema, dice));
      return issue === undefined ? "valid" : `${issue.path} ${issue.keyword}`;
    });
    return [`seed ${seed}: ${keywords.join(", ")}`];
  });
}
