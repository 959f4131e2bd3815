/** What values from a structured link count, and which are refused: REL-M2. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measureReceived } from "../../src/codec/measure-received.ts";
import { measureValue } from "../../src/codec/safe-value.ts";
import { nested } from "./nested.ts";

const limits = { maxDepth: 64, maxNodes: 100_000 };

/** What comes out of a port when `value` went in. */
const arrived = (value: unknown): unknown => structuredClone(value);

describe("measureReceived", () => {
  test("counts what its sender has counted, for any plain value", () => {
    const bytes = fc.uint8Array({ maxLength: 20 });
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constantFrom(null, undefined), bytes),
        fc.array(tie("value"), { maxLength: 5 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 5 }),
        fc.sparseArray(tie("value"), { maxLength: 8 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (sent) => {
        expect(measureReceived(arrived(sent), limits)).toBe(measureValue(sent, limits));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["nothing", undefined, 256],
    ["text", "größe", 256 + 10],
    ["bytes", new Uint8Array(10), 256 + 10],
    ["a buffer", new ArrayBuffer(10), 256 + 10],
    ["another view", new Float64Array(2), 256 + 16],
    ["members", { ab: "c", d: [1, { e: null }] }, 256 + 2 * 5 + 16 * 5],
    ["a member called __proto__", JSON.parse('{"__proto__":"ab"}'), 256 + 2 * 11 + 16],
  ])("counts %s", (_name, value, size) => {
    expect(measureReceived(arrived(value), limits)).toBe(size);
    if (value !== undefined) expect(measureValue(value, limits)).toBe(size);
  });

  test("takes as many levels and nodes as the limits say, and not one more", () => {
    expect(measureReceived(nested(64, "arrays"), limits)).toBe(256 + 64 * 16);
    expect(() => measureReceived(nested(65, "objects"), limits)).toThrow(decodeError("64 levels"));
    expect(measureReceived(new Array(99_999).fill(1), limits)).toBe(256 + 99_999 * 16);
    expect(() => measureReceived(new Array(100_000).fill(1), limits)).toThrow(decodeError("100000 nodes"));
    const members = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`m${at}`, at]));
    expect(() => measureReceived(members, { maxDepth: 1, maxNodes: 6 })).toThrow(decodeError("6 nodes"));
    expect(measureReceived(members, { maxDepth: 1, maxNodes: 7 })).toBe(256 + 2 * 12 + 16 * 6);
  });

  test("does not walk a sparse array, or one object in many places, to its end", () => {
    expect(() => measureReceived(arrived(new Array(2 ** 32 - 1)), limits)).toThrow(decodeError("nodes"));
    let laughs: unknown = "ha";
    for (let level = 0; level < 60; level++) laughs = [laughs, laughs];
    expect(() => measureReceived(arrived(laughs), limits)).toThrow(decodeError("nodes"));
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => measureReceived(arrived(cycle), limits)).toThrow(decodeError("64 levels"));
  });

  test.each([
    ["a Date", new Date(0)],
    ["a Map", new Map([[1, 2]])],
    ["a Set", new Set([1])],
    ["a regular expression", /x/],
    ["an Error", new Error("x")],
    ["a bigint", 1n],
    ["a boxed text", Object("x")],
    ["an array with names", Object.assign([1], { hidden: "x".repeat(1000) })],
    ["an empty array with names", Object.assign([], { hidden: 1 })],
    // Names that look like indices stand behind the last index as any others do.
    ["an array with a name above all indices", Object.assign([1], { 4294967295: "x".repeat(1000) })],
    ["an array with a long name of digits", Object.assign([1], { hidden: 1, "99999999999": 2 })],
    ["an array with an index that is written otherwise", Object.assign([1, 2], { "01": "x" })],
    ["an array with a part of an index", Object.assign([1, 2], { 0.5: "x" })],
    ["an array with a name of digits and more", Object.assign([1, 2], { "1x": "x" })],
    ["an array with a name that ends with digits", Object.assign([1, 2], { x1: "x" })],
    ["an array with a negative index", Object.assign([1, 2], { [-1]: "x" })],
    ["a short view of a long buffer", new Uint8Array(1_000_000).subarray(10, 11)],
    ["a buffer that can grow", Reflect.construct(ArrayBuffer, [8, { maxByteLength: 1024 }])],
    ["compiled code", new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))],
  ])("refuses %s, also inside", (_name, value) => {
    expect(() => measureReceived(arrived(value), limits)).toThrow(decodeError(""));
    expect(() => measureReceived(arrived({ inside: [value] }), limits)).toThrow(decodeError(""));
  });

  test("refuses memory that its sender may go on writing", () => {
    const shared = new SharedArrayBuffer(8);
    for (const value of [shared, new Uint8Array(shared), new DataView(shared)]) {
      expect(() => measureReceived(value, limits)).toThrow(decodeError(""));
      expect(() => measureReceived({ inside: value }, limits)).toThrow(decodeError(""));
    }
  });
});

function decodeError(says: string): unknown {
  return expect.objectContaining({ code: "DECODE_ERROR", message: expect.stringContaining(says) });
}
