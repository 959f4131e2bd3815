/** The shape of values: levels and nodes of what was decoded, the measure of what travels as it is. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { checkNumbers, checkShape, measureValue } from "../../src/codec/safe-value.ts";
import { nested } from "./nested.ts";

const limits = { maxDepth: 64, maxNodes: 100 };

const refusal = (code: string) => expect.objectContaining({ name: "SluiceError", code });

describe("checkShape", () => {
  test.each(["arrays", "objects"] as const)("accepts 64 levels of %s and refuses 65", (kind) => {
    expect(() => checkShape(nested(64, kind), limits)).not.toThrow();
    expect(() => checkShape(nested(65, kind), limits)).toThrow(refusal("DECODE_ERROR"));
    expect(() => checkShape(nested(63, kind, []), limits)).not.toThrow();
    expect(() => checkShape(nested(64, kind, {}), limits)).toThrow(refusal("DECODE_ERROR"));
    expect(() => checkShape(nested(64, kind, null), limits)).not.toThrow();
  });

  test("needs no stack for 100,000 levels", () => {
    expect(() =>
      checkShape(nested(100_000, "arrays"), { maxDepth: 100_000, maxNodes: 200_000 }),
    ).not.toThrow();
    expect(() => checkShape(nested(100_000, "objects"), limits)).toThrow(refusal("DECODE_ERROR"));
  });

  test.each([
    ["elements", Array.from({ length: 99 }, () => 0), true],
    ["elements", Array.from({ length: 100 }, () => 0), false],
    ["members", Object.fromEntries(Array.from({ length: 99 }, (_, i) => [i, 0])), true],
    ["members", Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, 0])), false],
    ["values inside of each other", Array.from({ length: 49 }, () => [0]), true],
    ["values inside of each other", Array.from({ length: 50 }, () => [0]), false],
  ])("counts %s and the value itself: %#", (_, value, isAccepted) => {
    if (isAccepted) expect(() => checkShape(value, limits)).not.toThrow();
    else expect(() => checkShape(value, limits)).toThrow(refusal("DECODE_ERROR"));
  });

  test("counts bytes as one", () => {
    expect(() => checkShape([new Uint8Array(1000)], limits)).not.toThrow();
  });

  test("counts an array by its length, whatever is in it", () => {
    expect(() => checkShape(new Array(99), limits)).not.toThrow();
    expect(() => checkShape(new Array(100), limits)).toThrow(refusal("DECODE_ERROR"));
  });
});

describe.each([
  ["checkShape", (value: unknown) => checkShape(value, limits)],
  ["checkNumbers", checkNumbers],
])("%s", (_, check) => {
  const outOfRange = expect.objectContaining({
    code: "DECODE_ERROR",
    message: "Cannot decode a payload: a number is out of range",
  });

  test("refuses numbers that are not finite, wherever they are", () => {
    for (const number of [Infinity, -Infinity, Number.NaN]) {
      for (const value of [number, [1, number], { a: 1, b: number }, { a: [{ b: [number] }] }]) {
        expect(() => check(value)).toThrow(outOfRange);
      }
    }
  });

  test.each([
    null,
    undefined,
    "text",
    "1e999",
    5,
    true,
    [],
    {},
    [null, "a", 1],
    { a: null, b: { c: [false] } },
  ])("accepts %j", (value) => {
    expect(() => check(value)).not.toThrow();
  });
});

describe("measureValue", () => {
  const utf16 = (units: number): number => 2 * units;

  test.each([
    ["null", null, 256],
    ["a number", 5, 256],
    ["a boolean", true, 256],
    ["an empty text", "", 256],
    ["a text", "größe", 256 + utf16(5)],
    ["an emoji, which is two code units", "😀", 256 + utf16(2)],
    ["bytes", new Uint8Array(1000), 256 + 1000],
    ["a view of other bytes", new Float64Array(4), 256 + 32],
    ["a part of memory", new Uint8Array(new ArrayBuffer(100), 10, 5), 256 + 5],
    ["a buffer", new ArrayBuffer(77), 256 + 77],
    ["an empty array", [], 256],
    ["an empty object", {}, 256],
    ["numbers", [1, 2, 3], 256 + 3 * 16],
    ["texts", ["ab", "c"], 256 + utf16(3) + 2 * 16],
    ["members, whose names count", { ab: 1, cde: null }, 256 + utf16(5) + 2 * 16],
    ["all of it", { a: ["bc", new Uint8Array(9)], d: { e: "fgh" } }, 256 + utf16(3) + utf16(5) + 9 + 5 * 16],
    ["an absent member, whose name counts", { ab: undefined }, 256 + utf16(2) + 16],
    ["containers without anything", [{}, [], {}], 256 + 3 * 16],
  ])("of %s", (_, value, size) => {
    expect(measureValue(value, limits)).toBe(size);
  });

  test.each(["arrays", "objects"] as const)("refuses more than 64 levels of %s", (kind) => {
    expect(() => measureValue(nested(64, kind), limits)).not.toThrow();
    expect(() => measureValue(nested(65, kind), limits)).toThrow(refusal("INVALID_ARGUMENT"));
  });

  test.each([
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a big integer", 1n],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["a promise, which nothing clones", Promise.resolve()],
    ["an instance of a class", new (class Point {})()],
    ["shared memory", new Uint8Array(new SharedArrayBuffer(4))],
  ])("refuses %s, alone or inside", (_, value) => {
    expect(() => measureValue(value, limits)).toThrow(/does not travel/);
    expect(() => measureValue([{ value }], limits)).toThrow(/does not travel/);
  });

  test("refuses more nodes than the limit, before it walks a sparse array", () => {
    const few = { maxDepth: 64, maxNodes: 4 };
    expect(measureValue([1, { a: 2 }], few)).toBe(256 + 3 * 16 + utf16(1));
    expect(measureValue({ a: 1, b: 2, c: 3 }, few)).toBe(256 + 3 * 16 + utf16(3));
    const oneMore = [[1, 2, 3, 4], { a: 1, b: 2, c: 3, d: 4 }, { a: [1], b: [2] }, new Array(2 ** 32 - 1)];
    for (const value of oneMore) {
      expect(() => measureValue(value, few)).toThrow(refusal("INVALID_ARGUMENT"));
    }
  });

  test("needs no shared memory on its platform", () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(measureValue(new Uint8Array(3), limits)).toBe(256 + 3);
  });
  afterEach(() => vi.unstubAllGlobals());

  test("ends at a cycle", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = { cycle };
    expect(() => measureValue(cycle, limits)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", processed: "no" }),
    );
  });
});
