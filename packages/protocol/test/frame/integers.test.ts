/** Integers in bytes: big-endian, unsigned, exact up to 2^48 − 1. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readU16, readU32, readU48, writeU16, writeU32, writeU48 } from "../../src/frame/integers.ts";

type Read = (bytes: Uint8Array, at: number) => number;
type Write = (bytes: Uint8Array, at: number, value: number) => void;

const integers: readonly [string, Read, Write, number][] = [
  ["u16", readU16, writeU16, 2],
  ["u32", readU32, writeU32, 4],
  ["u48", readU48, writeU48, 6],
];

const cases: readonly [string, number, string][] = [
  ["u16", 0, "0000"],
  ["u16", 0x0102, "0102"],
  ["u16", 0xff00, "ff00"],
  ["u16", 65_535, "ffff"],
  ["u32", 0, "00000000"],
  ["u32", 0x01020304, "01020304"],
  ["u32", 2 ** 31 - 1, "7fffffff"],
  ["u32", 2 ** 31, "80000000"],
  ["u32", 2 ** 32 - 1, "ffffffff"],
  ["u48", 0, "000000000000"],
  ["u48", 2 ** 32 - 1, "0000ffffffff"],
  ["u48", 2 ** 32, "000100000000"],
  ["u48", 2 ** 32 + 2 ** 31, "000180000000"],
  ["u48", 0x010203040506, "010203040506"],
  ["u48", 2 ** 47, "800000000000"],
  ["u48", 2 ** 48 - 1, "ffffffffffff"],
];

const find = (name: string) => integers.find(([other]) => other === name) as (typeof integers)[number];

describe.each(cases)("%s %i", (name, value, hex) => {
  const [, read, write, size] = find(name);

  test(`is ${hex}, and nothing beside it changes`, () => {
    const bytes = new Uint8Array(size + 4).fill(0xcc);
    write(bytes, 2, value);
    expect(Buffer.from(bytes).toString("hex")).toBe(`cccc${hex}cccc`);
    expect(read(bytes, 2)).toBe(value);
  });
});

test.each(integers)("%s reads what it wrote", (_, read, write, size) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** (8 * size) - 1 }), fc.nat(9), (value, at) => {
      const bytes = new Uint8Array(at + size);
      write(bytes, at, value);
      expect(read(bytes, at)).toBe(value);
    }),
  );
});
