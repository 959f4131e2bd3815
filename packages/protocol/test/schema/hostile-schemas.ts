/** Schemas that are small and cost much, or are large: what becomes of each when a protocol is defined with it. */

export interface HostileSchema {
  /** Of the threat. */
  readonly id: "D4" | "D7";
  readonly what: string;
  readonly make: () => unknown;
  /** Part of the message, if it is refused. */
  readonly refused?: string;
}

type Schema = Readonly<Record<string, unknown>>;

const integer: Schema = { type: "integer" };
const bytes: Schema = { type: "string", contentEncoding: "base64" };

/** `$defs` of which each is what `link` makes of a reference to the next. */
function chain(length: number, link: (next: Schema) => unknown, end: Schema = integer): Schema {
  const definitions = Array.from({ length }, (_, at): [string, unknown] => [
    `d${at}`,
    at + 1 < length ? link({ $ref: `#/$defs/d${at + 1}` }) : end,
  ]);
  return { $ref: "#/$defs/d0", $defs: Object.fromEntries(definitions) };
}

function nested(levels: number, wrap: (inner: Schema) => Schema): Schema {
  let schema = integer;
  for (let level = 0; level < levels; level++) schema = wrap(schema);
  return schema;
}

function members(count: number, make: (at: number) => unknown): Schema {
  const properties = Array.from({ length: count }, (_, at): [string, unknown] => [`p${at}`, make(at)]);
  return { type: "object", properties: Object.fromEntries(properties) };
}

/** Two closed objects, one of them with bytes, that a tag tells apart. */
function tagged(at: number): Schema {
  const branch = (tag: number, body: Schema): Schema => ({
    type: "object",
    properties: { [`t${at}`]: { const: tag }, [`b${at}`]: body },
    required: [`t${at}`],
  });
  return { type: "object", oneOf: [branch(0, integer), branch(1, bytes)] };
}

const manyApplied = "more than 10000 schemas are applied to the same value";
const longReference = "more than 256 schemas, each by the one before, are applied to the same value";
const manySchemas = "there are more than 10000 schemas";
const manyLevels = "schemas are nested more than 128 levels deep";
const manyValues = "there are more than 100000 listed values";

export const hostileSchemas: readonly HostileSchema[] = [
  {
    id: "D4",
    what: "references that double thirty times",
    make: () => chain(31, (next) => ({ allOf: [next, next] })),
    refused: manyApplied,
  },
  {
    id: "D4",
    what: "references that double in other keywords",
    make: () => chain(31, (next) => ({ anyOf: [next, { not: next }], if: next, else: next })),
    refused: manyApplied,
  },
  {
    id: "D4",
    what: "objects in two places each, sixty levels deep",
    make: () => nested(60, (inner) => ({ type: "object", properties: { a: inner, b: inner } })),
    refused: manySchemas,
  },
  {
    id: "D4",
    what: "a long chain of references",
    make: () => chain(9_000, (next) => next),
    refused: longReference,
  },
  {
    id: "D4",
    what: "a long chain of references, in the other order",
    make: () => {
      const { $ref, $defs } = chain(5_000, (next) => next);
      return { $ref, $defs: Object.fromEntries(Object.entries($defs as Schema).reverse()) };
    },
    refused: longReference,
  },
  {
    id: "D4",
    what: "a long chain of members",
    make: () => chain(4_000, (next) => ({ type: "object", properties: { a: next } })),
  },
  {
    id: "D4",
    what: "a long chain of members that ends with bytes",
    make: () => chain(4_000, (next) => ({ type: "object", properties: { a: next } }), bytes),
  },
  {
    id: "D4",
    what: "a circle of references",
    make: () => ({ ...chain(50, (next) => next, { $ref: "#" }) }),
    refused: "a $ref leads back to itself",
  },
  {
    id: "D4",
    what: "a circle through a member",
    make: () => chain(50, (next) => ({ type: "object", properties: { a: next } }), { $ref: "#" }),
  },
  {
    id: "D4",
    what: "thirty unions with bytes in one place",
    make: () => ({ type: "object", allOf: Array.from({ length: 30 }, (_, at) => tagged(at)) }),
    refused: "it takes too long to tell where bytes are",
  },
  {
    id: "D4",
    what: "constants and references that meet again and again",
    make: () => ({
      type: "object",
      properties: { a: { $ref: "#" }, b: bytes },
      anyOf: [{ enum: [{ a: { a: {} } }] }, { required: ["b"] }],
    }),
  },
  {
    id: "D7",
    what: "ten thousand levels",
    make: () => nested(10_000, (items) => ({ type: "array", items })),
    refused: manyLevels,
  },
  {
    id: "D7",
    what: "ten thousand levels beside a reference",
    make: () => ({ $ref: "#/$defs/a", $defs: { a: nested(10_000, (items) => ({ type: "array", items })) } }),
    refused: manyLevels,
  },
  {
    id: "D7",
    what: "ten thousand and one schemas",
    make: () => members(10_000, () => integer),
    refused: manySchemas,
  },
  { id: "D7", what: "nine thousand schemas", make: () => members(9_000, () => integer) },
  { id: "D7", what: "nine thousand places of bytes", make: () => members(9_000, () => bytes) },
  {
    id: "D7",
    what: "nine thousand schemas of which one is bytes",
    make: () => members(4_500, (at) => (at === 7 ? bytes : { type: "integer", not: { const: at } })),
  },
  {
    id: "D7",
    what: "an enum of a million values",
    make: () => ({ enum: Array.from({ length: 1_000_000 }, (_, at) => at) }),
    refused: manyValues,
  },
  {
    id: "D7",
    what: "an enum of a hundred thousand values",
    make: () => ({ enum: Array.from({ length: 100_000 }, (_, at) => `value ${at}`) }),
  },
  {
    id: "D7",
    what: "one large enum in a thousand places",
    make: () => {
      const values = Array.from({ length: 1_000 }, (_, at) => at);
      return members(1_000, () => ({ enum: values }));
    },
    refused: manyValues,
  },
  {
    id: "D7",
    what: "a constant of ten thousand levels",
    make: () => {
      let value: unknown = 1;
      for (let level = 0; level < 10_000; level++) value = [value];
      return { const: value };
    },
    refused: manyValues,
  },
  {
    id: "D7",
    what: "a constant whose parts stand in two places each",
    make: () => {
      let value: unknown = 1;
      for (let level = 0; level < 60; level++) value = [value, value];
      return { const: value };
    },
    refused: manyValues,
  },
  {
    id: "D7",
    what: "a hundred thousand unknown keywords",
    make: () => Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, at])),
    refused: 'unknown keyword "k0"',
  },
  {
    id: "D7",
    what: "required names without end",
    make: () => ({ type: "object", required: Array.from({ length: 200_000 }, (_, at) => `n${at}`) }),
    refused: manyValues,
  },
];
