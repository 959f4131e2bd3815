/** The msgpack codec: its bytes, and that nothing of a value is memory of anybody else. Values: docs/codecs.md. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { decodePayload, fieldsOf, limits, slotOf, travel } from "./travel.ts";

const codec = msgpackCodec.compile(undefined, limits);
const encode = (value: unknown): Uint8Array => codec.encode(value) as Uint8Array;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("the msgpack codec writes", () => {
  test.each([
    [null, "c0"],
    [127, "7f"],
    [128, "cc80"],
    [-32, "e0"],
    [-33, "d0df"],
    [65_536, "ce00010000"],
    [2 ** 32, "cb41f0000000000000"],
    ["é", "a2c3a9"],
    ["", "a0"],
    [[], "90"],
    [{}, "80"],
    [{ a: undefined }, "80"],
    [[undefined], "91c0"],
    [{ a: 1, b: [true] }, "82a16101a16291c3"],
    [{ a: new Uint8Array([1, 2]) }, "81a161c4020102"],
  ])("%j as %s", (value, hex) => {
    expect(hexOf(encode(value))).toBe(hex);
  });

  test("objects of another realm as its own", () => {
    expect(hexOf(encode(runInNewContext("({ a: [1, {}] })")))).toBe("81a161920180");
  });

  test("no bytes of another realm inside of a value, which would arrive as an object", () => {
    expect(() => encode({ a: runInNewContext("new Uint8Array(2)") })).toThrow(
      "an instance of Uint8Array does not travel",
    );
  });
});

describe("the msgpack codec shares no memory (REL-K10)", () => {
  test("between what it wrote and what it writes next", () => {
    const values = Array.from({ length: 300 }, (_, i) => ({
      i,
      text: `${i}`.repeat(i % 90),
      bytes: new Uint8Array(i % 50).fill(i),
    }));
    const written = values.map(encode);
    const copies = written.map((bytes) => bytes.slice());
    for (const value of values) encode([value, value, value]);
    for (const [i, bytes] of written.entries()) expect(hexOf(bytes)).toBe(hexOf(copies[i] as Uint8Array));
  });

  test("between bytes inside of a value and the chunk that they came in", () => {
    const { payload, start, end } = fieldsOf(
      slotOf(msgpackCodec).encode({ a: new Uint8Array([1, 2, 3]), text: "canary" }),
    );
    const read = codec.decode(payload, start, end, standardUtf8) as { a: Uint8Array; text: string };
    payload.fill(0xee);
    expect(read).toEqual({ a: new Uint8Array([1, 2, 3]), text: "canary" });
    expect(read.a.buffer).not.toBe(payload.buffer);
    expect(read.a.buffer.byteLength).toBe(3);
  });

  test("between bytes inside of a value and a Buffer of Node's pool", () => {
    const pooled = Buffer.from("81a161c403010203", "hex");
    const read = codec.decode(pooled, 0, pooled.length, standardUtf8) as { a: Uint8Array };
    expect(Object.getPrototypeOf(read.a)).toBe(Uint8Array.prototype);
    pooled.fill(0);
    expect([...read.a]).toEqual([1, 2, 3]);
  });

  test("between what was sent and what arrived", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const read = travel(msgpackCodec, { a: bytes, b: [bytes] }) as { a: Uint8Array; b: Uint8Array[] };
    bytes.fill(0);
    expect(read).toEqual({ a: new Uint8Array([1, 2, 3]), b: [new Uint8Array([1, 2, 3])] });
    expect(read.a.buffer).not.toBe(read.b[0]?.buffer);
  });
});

describe("after a value that has no encoding", () => {
  let reads = 0;
  const fickle = {
    get a() {
      reads++;
      if (reads > 1) throw new Error("no");
      return "x".repeat(5000);
    },
  };

  test.each([
    ["a function deep inside", { a: ["x".repeat(100), { b: () => 1 }] }],
    ["a getter that throws the second time", fickle],
  ])("(%s) the codec goes on", (_, value) => {
    const before = encode({ a: 1 });
    expect(() => slotOf(msgpackCodec).encode(value)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    expect(hexOf(before)).toBe("81a16101");
    expect(hexOf(encode({ b: "c" }))).toBe("81a162a163");
  });

  test("a getter that encodes something itself is harmless", () => {
    const value = {
      get a() {
        return hexOf(encode("x".repeat(40_000))).length;
      },
      b: [1],
    };
    expect(travel(msgpackCodec, value)).toEqual({ a: 80_006, b: [1] });
  });
});

test("JSON given to the msgpack codec is refused (REL-K9)", () => {
  const refusal = expect.objectContaining({ code: "DECODE_ERROR" });
  for (const json of ['{"a":1}', "[1]", '"text"', "12", "null", "true"]) {
    expect(() => decodePayload(msgpackCodec, new TextEncoder().encode(json))).toThrow(refusal);
  }
});
