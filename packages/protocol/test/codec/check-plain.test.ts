/** checkPlain: which values may travel, and how it says that one may not. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { type Carried, checkPlain, isPlain } from "../../src/codec/check-plain.ts";
import { nested } from "./nested.ts";

describe("checkPlain", () => {
  const carried: Carried = { bytes: (value) => value instanceof Uint8Array, anyText: false };

  test.each(["arrays", "objects"] as const)(
    "accepts as many levels of %s as checkShape, and no more",
    (kind) => {
      expect(() => checkPlain(nested(64, kind), 64, carried)).not.toThrow();
      expect(() => checkPlain(nested(65, kind), 64, carried)).toThrow(TypeError);
      expect(() => checkPlain(nested(63, kind, []), 64, carried)).not.toThrow();
      expect(() => checkPlain(nested(64, kind, {}), 64, carried)).toThrow(TypeError);
    },
  );

  test("ends at a cycle", () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(() => checkPlain(cycle, 64, carried)).toThrow("it is nested too deep, or in a cycle");
  });

  test.each([
    [Number.NaN, "NaN does not travel"],
    [7n, "a bigint does not travel"],
    [Symbol("secret"), "a symbol does not travel"],
    [() => 1, "a function does not travel"],
    [new Date(0), "an instance of Date does not travel: make it plain data"],
    [new (class Point {})(), "an instance of Point does not travel: make it plain data"],
    [
      Object.create(Object.create(Object.prototype)),
      "an instance of Object does not travel: make it plain data",
    ],
    [
      Object.create(Object.create(Object.create(null))),
      "an instance of a class does not travel: make it plain data",
    ],
    ["a\ud800", "text with half a surrogate pair does not travel"],
    [{ "a\ud800": 1 }, String.raw`a member called "a\ud800" does not travel`],
    [JSON.parse('{"__proto__":1}'), 'a member called "__proto__" does not travel'],
  ])("says which kind of value it refuses: %#", (value, message) => {
    expect(() => checkPlain(value, 64, carried)).toThrow(new TypeError(message));
    expect(() => checkPlain([{ a: value }], 64, carried)).toThrow(new TypeError(message));
  });

  test("accepts any text where the codec carries it", () => {
    const value = JSON.parse('{"__proto__":"\\ud800","\\udc00":1}') as unknown;
    expect(() => checkPlain(value, 64, { ...carried, anyText: true })).not.toThrow();
  });

  test.each([null, undefined, true, 0, "", [], {}, [undefined, null], Object.create(null)])(
    "accepts %j",
    (value) => {
      expect(() => checkPlain(value, 1, carried)).not.toThrow();
    },
  );

  test("looks at the elements of an array, not at its names: nobody carries those", () => {
    expect(() => checkPlain(Object.assign([1], { more: () => 1 }), 64, carried)).not.toThrow();
    expect(() => checkPlain([1, () => 1], 64, carried)).toThrow(TypeError);
  });

  test("finds half a surrogate pair where the platform does not look for it", () => {
    const found = Object.getOwnPropertyDescriptor(String.prototype, "isWellFormed");
    Reflect.deleteProperty(String.prototype, "isWellFormed");
    try {
      for (const text of ["", "a", "é😀", "\ue000"]) {
        expect(() => checkPlain({ [text]: text }, 64, carried)).not.toThrow();
      }
      for (const text of ["\ud800", "a\udc00", "\udc00\ud800", "😀\ud83d"]) {
        expect(() => checkPlain(text, 64, carried)).toThrow(TypeError);
        expect(() => checkPlain({ [text]: 1 }, 64, carried)).toThrow(TypeError);
      }
    } finally {
      if (found !== undefined) Object.defineProperty(String.prototype, "isWellFormed", found);
    }
  });

  test("looks into no bytes", () => {
    expect(() => checkPlain(new Uint8Array(1), 0, carried)).not.toThrow();
  });
});

test.each([
  ["what {} makes", {}, true],
  ["what {} makes in another realm", runInNewContext("({})"), true],
  ["what has no prototype", Object.create(null), true],
  ["an instance of a class", new (class Point {})(), false],
  ["an instance of another realm's class", runInNewContext("new (class Point {})()"), false],
  ["what inherits from a plain object", Object.create({}), false],
  ["an array", [], false],
  ["a Map", new Map(), false],
] as [string, object, boolean][])("isPlain of %s", (_, value, expected) => {
  expect(isPlain(value)).toBe(expected);
});
