/** json and msgpack side by side: the same values arrive, and the same are refused (REL §5.3 item 5). */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { anyText } from "../frame/any-text.ts";
import { codeOr, fieldsOf, slotOf, travel } from "./travel.ts";

const text = anyText(12);
const key = fc.oneof(
  fc.constantFrom("constructor", "toString", "then", "hasOwnProperty", "length", "0", ""),
  text,
);
/** The one name that msgpack does not know is left to docs/codecs.md. */
const name = key.filter((word) => word !== "__proto__");

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
);
const leaf = fc.oneof(fc.constantFrom(null, true, false, undefined), number, text);

const { plain } = fc.letrec((tie) => ({
  plain: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    leaf,
    fc.array(tie("plain"), { maxLength: 6 }),
    fc.dictionary(name, tie("plain"), { maxKeys: 6 }),
  ),
}));

/** What no codec carries, as a part of a value or as all of it. */
const foreign = fc.constantFrom<unknown>(
  Number.NaN,
  Infinity,
  1n,
  Symbol("s"),
  () => 1,
  new Date(0),
  new Map(),
  /x/,
  new Error("e"),
);
const { mixed } = fc.letrec((tie) => ({
  mixed: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    foreign,
    fc.array(tie("mixed"), { maxLength: 4 }),
    fc.dictionary(name, tie("mixed"), { maxKeys: 4 }),
  ),
}));

const bytes = { type: "string", contentEncoding: "base64" } as const;
const fileSchema: JsonSchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    content: bytes,
    parts: { type: "array", items: { type: "object", additionalProperties: bytes } },
    pair: { type: "array", prefixItems: [bytes, { type: "string" }] },
    rest: {},
  },
};
const binary = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 9 }).map((array) => Buffer.from(array)),
);
const file = fc.record(
  {
    name: text,
    content: binary,
    parts: fc.array(fc.dictionary(name, binary, { maxKeys: 3 }), { maxLength: 3 }),
    pair: fc.tuple(binary, text),
    rest: plain,
  },
  { requiredKeys: [] },
);

/** What arrives of a value that travels, by the rules of docs/codecs.md. */
function arrived(value: unknown): unknown {
  if (value === 0) return 0;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map((element) => arrived(element) ?? null);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([member, inner]) => [member, arrived(inner)]));
}

const many = { numRuns: 1000, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false };

describe("json and msgpack", () => {
  test("carry equal values", () => {
    fc.assert(
      fc.property(plain, (value) => {
        for (const codec of [jsonCodec, msgpackCodec]) {
          deepStrictEqual(travel(codec, value), arrived(value));
        }
      }),
      many,
    );
  });

  test("carry equal values with bytes, where a schema tells of them", () => {
    fc.assert(
      fc.property(file, (value) => {
        for (const codec of [jsonCodec, msgpackCodec]) {
          deepStrictEqual(travel(codec, value, fileSchema), arrived(value));
        }
      }),
      many,
    );
  });

  test("refuse the same values, with the same words", () => {
    const outcome = (codec: typeof jsonCodec, value: unknown): unknown => {
      try {
        return travel(codec, value);
      } catch (error) {
        const { name: kind, code, message } = error as Error & { code: string };
        return { kind, code, message };
      }
    };
    fc.assert(
      fc.property(mixed, (value) => {
        deepStrictEqual(outcome(msgpackCodec, value), outcome(jsonCodec, value));
      }),
      many,
    );
  });

  test("decode any bytes to a value or to DECODE_ERROR, and to nothing else", () => {
    const likely = fc.constantFrom(
      ...Buffer.from('{}[]",:\\0e-nulltrue'),
      0x81,
      0x91,
      0xa1,
      0xc4,
      0xdc,
      0xdf,
    );
    const payload = fc.array(fc.oneof(likely, fc.nat(255)), { minLength: 1, maxLength: 24 });
    const schemas: readonly JsonSchema[] = [true, fileSchema, bytes];
    const slots = [jsonCodec, msgpackCodec].flatMap((codec) =>
      schemas.map((schema) => slotOf(codec, schema)),
    );
    fc.assert(
      fc.property(payload, (numbers) => {
        const message = { body: Uint8Array.from(numbers), length: numbers.length, raw: false, start: 0 };
        for (const slot of slots) {
          const read = codeOr(() => slot.decode(fieldsOf(message), standardUtf8));
          if (typeof read === "object" && read !== null && "code" in read) {
            expect(read.code).toBe("DECODE_ERROR");
          }
        }
      }),
      { ...many, numRuns: 20_000 },
    );
  });
});
