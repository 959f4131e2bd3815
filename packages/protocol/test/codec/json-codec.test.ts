/** The json codec: bytes by schema, and what it refuses of a payload. What values become is in docs/codecs.md. */
import { describe, expect, test } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { codeOr, decodePayload, fieldsOf, limits, refusal, slotOf, travel } from "./travel.ts";

const bytes = { type: "string", contentEncoding: "base64" } as const;
const text = (json: string): Uint8Array => new TextEncoder().encode(json);

function encode(value: unknown, schema: JsonSchema = true): unknown {
  return slotOf(jsonCodec, schema).encode(value).body;
}

describe("bytes inside of JSON", () => {
  const file: JsonSchema = {
    type: "object",
    properties: { name: { type: "string" }, content: bytes, parts: { type: "array", items: bytes } },
  };

  test("are base64 where the schema says so, and bytes again at the other end", () => {
    const value = {
      name: "a",
      content: new Uint8Array([0, 255, 128]),
      parts: [new Uint8Array(), new Uint8Array([1])],
    };
    expect(encode(value, file)).toBe('{"name":"a","content":"AP+A","parts":["","AQ=="]}');
    expect(travel(jsonCodec, value, file)).toStrictEqual(value);
    expect(value.content).toEqual(new Uint8Array([0, 255, 128]));
  });

  test("may be a Buffer", () => {
    expect(encode({ content: Buffer.from([1]) }, file)).toBe('{"content":"AQ=="}');
  });

  test.each<[string, JsonSchema]>([
    ["whose values are not known", true],
    ["without bytes", { type: "object", properties: { n: { type: "number" } } }],
    ["with bytes elsewhere", file],
  ])("are refused by a schema %s", (_, schema) => {
    const error = refusal(() => encode({ more: new Uint8Array(2) }, schema));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
    expect(error.message).toBe(
      "Cannot encode param of a/b: bytes inside JSON need a schema that says where they are (a Client gets it as `protocol`)",
    );
  });

  test.each(["*", "AQ", "AQ==\n", "AR==", "-_-_"])(
    "are refused where a text is not their base64: %j",
    (content) => {
      const error = refusal(() => decodePayload(jsonCodec, text(JSON.stringify({ content })), file));
      expect(error).toMatchObject({ code: "DECODE_ERROR" });
      expect(error.message).toBe('Cannot decode a payload: "/content" is not base64');
    },
  );

  test("are base64 as a whole, if a peer sends them so", () => {
    expect(decodePayload(jsonCodec, text('"AP8="'), bytes)).toEqual(new Uint8Array([0, 255]));
  });

  test("stand under a member called __proto__ too, and touch no prototype", () => {
    const schema: JsonSchema = { type: "object", additionalProperties: bytes };
    const value = JSON.parse('{"__proto__":"AQ==","a":"Ag=="}') as object;
    const read = decodePayload(jsonCodec, text(JSON.stringify(value)), schema) as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(read, "__proto__")?.value).toEqual(new Uint8Array([1]));
    expect(encode(read, schema)).toBe('{"__proto__":"AQ==","a":"Ag=="}');
  });
});

describe("the json codec", () => {
  test("reads a payload from the middle of a chunk", () => {
    const payload = text('["x",{"a":1}]');
    const message = { body: payload, length: payload.length, raw: false, start: 0 };
    expect(slotOf(jsonCodec).decode(fieldsOf(message), standardUtf8)).toEqual(["x", { a: 1 }]);
  });

  test.each([new ArrayBuffer(2), new DataView(new ArrayBuffer(2)), new Float64Array(1)])(
    "says of %s that it is bytes without a schema",
    (value) => {
      expect(refusal(() => encode({ a: value })).message).toMatch(/bytes inside JSON need a schema/);
    },
  );

  test.each([new Date(0), new Map(), new (class Point {})()])(
    "says of %s that it is no plain data",
    (value) => {
      expect(refusal(() => encode({ a: value })).message).toMatch(/an instance of \w+ does not travel/);
    },
  );

  test("refuses text that is no UTF-8", () => {
    expect(codeOr(() => decodePayload(jsonCodec, Uint8Array.of(0x22, 0xff, 0x22)))).toEqual({
      code: "DECODE_ERROR",
    });
  });

  test("keeps what a peer sent out of its errors", () => {
    const error = refusal(() => decodePayload(jsonCodec, text('{"password": hunter2}')));
    expect(error.code).toBe("DECODE_ERROR");
    expect(error.cause).toBeUndefined();
    expect(JSON.stringify(error) + error.stack).not.toContain("hunter2");
  });

  test.each([
    ["of any length", true],
    [
      "of a closed schema",
      { type: "object", properties: { a: { type: "number" } }, additionalProperties: false },
    ],
    ["of a schema of text", { type: "string" }],
  ] as [string, JsonSchema][])(
    "judges the depth of payloads %s: their reader may be tolerant, or not check at all",
    (_, schema) => {
      const nested = `{"b":${"[".repeat(70)}${"]".repeat(70)}}`;
      expect(codeOr(() => decodePayload(jsonCodec, text(nested), schema))).toEqual({ code: "DECODE_ERROR" });
    },
  );

  test.each([
    ["1e309", true],
    ["9".repeat(309), true],
    [`[${"9".repeat(400)}]`, true],
    [`{"a":-${"9".repeat(309)}}`, true],
    [`0.${"0".repeat(400)}1`, false],
    ["9".repeat(308), false],
    [`${"9".repeat(190)}e99`, false],
    ['"1e999"', false],
  ])("refuses a number that is out of range: %.12s… %s", (json, isRefused) => {
    const read = codeOr(() => decodePayload(jsonCodec, text(json)));
    expect(read).toEqual(isRefused ? { code: "DECODE_ERROR" } : JSON.parse(json));
  });
});

describe("the json codec with few values allowed", () => {
  const few = { ...limits, maxDepth: 3, maxNodes: 4 };
  const read = (json: string): unknown =>
    slotOf(jsonCodec, true, { limits: few }).decode(
      fieldsOf({ body: json, length: json.length, raw: false, start: 0 }),
      standardUtf8,
    );

  test("counts them and their levels, however short the text is", () => {
    for (const json of ["[1,2,3]", '{"":1,"a":2}', "[[[1]]]", "[[],[],[]]"]) {
      expect(read(json)).toEqual(JSON.parse(json));
    }
    for (const json of ["[1,2,3,4]", "[[[[]]]]", "[[],[],[],[]]", '{"a":1,"b":2,"c":3,"d":4}']) {
      expect(codeOr(() => read(json))).toEqual({ code: "DECODE_ERROR" });
    }
  });

  test("judges a text that has room for more before it parses it, and no shorter one", () => {
    const tooMany = "Cannot decode a value of more than 4 nodes";
    const noJson = "Cannot decode a payload: it is not JSON";
    expect(refusal(() => read("[1,1,1,1")).message).toBe(noJson);
    expect(refusal(() => read("[,,,,,,,")).message).toBe(noJson);
    expect(refusal(() => read("[1,1,1,1,")).message).toBe(tooMany);
  });
});
