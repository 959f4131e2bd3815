/** What every {@link Utf8} does alike: tables of texts, of invalid bytes, and a comparison with the standard's classes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Utf8 } from "../../src/frame/utf8.ts";
import { anyText } from "./any-text.ts";

const texts: readonly [string, string, string][] = [
  ["nothing", "", ""],
  ["NUL", "\0", "00"],
  ["ASCII", "az~\x7f", "617a7e7f"],
  ["the first of two bytes", "\x80", "c280"],
  ["the last of two bytes", "\u07ff", "dfbf"],
  ["the first of three bytes", "\u0800", "e0a080"],
  ["the last before the surrogates", "\ud7ff", "ed9fbf"],
  ["the first behind the surrogates", "\ue000", "ee8080"],
  ["a byte order mark, kept", "\ufeffa", "efbbbf61"],
  ["a byte order mark alone", "\ufeff", "efbbbf"],
  ["a replacement character of one's own", "a\ufffdb", "61efbfbd62"],
  ["the last of three bytes", "\uffff", "efbfbf"],
  ["the first of four bytes", "\u{10000}", "f0908080"],
  ["an emoji", "😀", "f09f9880"],
  ["the last character", "\u{10ffff}", "f48fbfbf"],
  ["a mixture", "aé測😀z", "61c3a9e6b8acf09f98807a"],
];

const invalid: readonly [string, string][] = [
  ["a lone continuation", "80"],
  ["a continuation behind text", "6180"],
  ["two bytes that are cut", "c3"],
  ["three bytes that are cut", "e282"],
  ["four bytes that are cut", "f09f98"],
  ["a character that is cut by another", "e28261"],
  ["an overlong NUL", "c080"],
  ["an overlong slash", "c0af"],
  ["overlong three bytes", "e080af"],
  ["overlong four bytes", "f08080af"],
  ["half a surrogate pair", "eda080"],
  ["a surrogate pair as two characters", "eda0bdedb880"],
  ["a character above U+10FFFF", "f4908080"],
  ["five bytes", "f888808080"],
  ["0xfe", "fe"],
  ["0xff", "ff"],
  ["an error behind a replacement character", "efbfbdff"],
];

const bounded = { interruptAfterTimeLimit: 1500, markInterruptAsFailure: false };

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

/** `bytes` in the middle of others that would continue or begin a character. */
function surrounded(bytes: Uint8Array): Uint8Array {
  const around = new Uint8Array(bytes.length + 6).fill(0x80);
  around.set([0xf0, 0x9f, 0x98]);
  around.set(bytes, 3);
  return around;
}

export function utf8Suite(name: string, utf8: Utf8): void {
  describe(name, () => {
    describe.each(texts)("%s", (_, text, hex) => {
      const bytes = bytesOf(hex);

      test("has its length in bytes", () => {
        expect(utf8.byteLength(text)).toBe(bytes.length);
      });

      test.each([0, 3])("is written at %i, and nothing beside it changes", (at) => {
        const into = utf8.allocate(at + 3 * text.length + 4).fill(0xcc);
        expect(utf8.write(text, into, at)).toBe(bytes.length);
        const expected = new Uint8Array(into.length).fill(0xcc);
        expected.set(bytes, at);
        expect([...into]).toEqual([...expected]);
      });

      test("is written into memory of exactly its length", () => {
        const into = utf8.allocate(bytes.length);
        expect(utf8.write(text, into, 0)).toBe(bytes.length);
        expect([...into]).toEqual([...bytes]);
      });

      test("is written into a view of a part of memory", () => {
        const memory = new Uint8Array(60);
        expect(utf8.write(text, memory.subarray(10, 50), 2)).toBe(bytes.length);
        expect([...memory.subarray(12, 12 + bytes.length)]).toEqual([...bytes]);
      });

      test("is read, from the middle of other bytes as well", () => {
        expect(utf8.read(bytes, 0, bytes.length)).toBe(text);
        expect(utf8.read(surrounded(bytes), 3, 3 + bytes.length)).toBe(text);
        expect(utf8.read(surrounded(bytes).subarray(1), 2, 2 + bytes.length)).toBe(text);
      });
    });

    test.each(invalid)("refuses %s", (_, hex) => {
      const bytes = bytesOf(hex);
      const refusal = expect.objectContaining({ code: "DECODE_ERROR" });
      expect(() => utf8.read(bytes, 0, bytes.length)).toThrow(refusal);
      expect(() => utf8.read(surrounded(bytes), 3, 3 + bytes.length)).toThrow(refusal);
    });

    test("is not disturbed by a refusal (no state is left)", () => {
      expect(() => utf8.read(bytesOf("f09f98"), 0, 3)).toThrow();
      expect(utf8.read(bytesOf("c3a9"), 0, 2)).toBe("é");
    });

    test("writes a replacement character for half a surrogate pair, with the length that it says", () => {
      for (const text of ["\ud800", "a\udc00b", "\ud800\ud800", "\udc00\ud800", "\ud83d", "x\ud83d😀"]) {
        const into = utf8.allocate(3 * text.length);
        const written = utf8.write(text, into, 0);
        expect(written).toBe(utf8.byteLength(text));
        expect(utf8.read(into, 0, written)).toBe(new TextDecoder().decode(new TextEncoder().encode(text)));
      }
    });

    test("writes and reads as TextEncoder and TextDecoder do", () => {
      const encoder = new TextEncoder();
      fc.assert(
        fc.property(anyText(200), (text) => {
          const expected = encoder.encode(text);
          const into = utf8.allocate(3 * text.length);
          expect(utf8.write(text, into, 0)).toBe(expected.length);
          expect(utf8.byteLength(text)).toBe(expected.length);
          expect(Buffer.compare(into.subarray(0, expected.length), expected)).toBe(0);
          expect(utf8.read(into, 0, expected.length)).toBe(text);
        }),
        bounded,
      );
    });

    test("refuses exactly the bytes that TextDecoder refuses", () => {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      const outcome = (read: () => string): string => {
        try {
          return `text ${read()}`;
        } catch {
          return "refused";
        }
      };
      const byte = fc.oneof(
        fc.constantFrom(0x61, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xa0, 0x9f),
        fc.nat(255),
      );
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 8 }), fc.array(byte, { maxLength: 6 }), (random, likely) => {
          for (const bytes of [random, Uint8Array.from(likely)]) {
            expect(outcome(() => utf8.read(bytes, 0, bytes.length))).toBe(
              outcome(() => decoder.decode(bytes)),
            );
          }
        }),
        { ...bounded, numRuns: 2000 },
      );
    });

    test("allocates memory that nobody else has", () => {
      const memory = Array.from({ length: 20 }, () => utf8.allocate(100));
      expect(new Set(memory.map(({ buffer }) => buffer)).size).toBe(20);
      expect(memory.map(({ length, buffer }) => [length, buffer.byteLength])).toEqual(
        memory.map(() => [100, 100]),
      );
    });
  });
}
