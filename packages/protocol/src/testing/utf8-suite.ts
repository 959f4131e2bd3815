/** What every `Utf8` does alike: tables of texts, of invalid bytes, and a comparison with the standard's classes. */
import { SluiceError } from "../errors/sluice-error.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { Dice } from "./dice.ts";
import { check, same } from "./suite/expect.ts";
import type { TestFunctions } from "./test-functions.ts";

const texts: readonly (readonly [what: string, text: string, hex: string])[] = [
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

const invalid: readonly (readonly [what: string, hex: string])[] = [
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

const longestMs = 20_000;

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

/** `bytes` in the middle of others that would continue or begin a character. */
function surrounded(bytes: Uint8Array): Uint8Array {
  const around = new Uint8Array(bytes.length + 6).fill(0x80);
  around.set([0xf0, 0x9f, 0x98]);
  around.set(bytes, 3);
  return around;
}

function refuses(utf8: Utf8, bytes: Uint8Array, start: number, end: number): void {
  let thrown: unknown;
  try {
    utf8.read(bytes, start, end);
  } catch (reason) {
    thrown = reason;
  }
  check(SluiceError.is(thrown) && thrown.code === "DECODE_ERROR", "invalid bytes are DECODE_ERROR");
}

/** The ranges of characters that take one, two, three (on both sides of the surrogates) and four bytes. */
const ranges: readonly (readonly [first: number, last: number])[] = [
  [0, 0x7f],
  [0x80, 0x7ff],
  [0x800, 0xd7ff],
  [0xe000, 0xffff],
  [0x10000, 0x10ffff],
];

function randomText(dice: Dice): string {
  const characters = dice.list(0, 200, () => {
    const [first, last] = dice.pick(ranges);
    return String.fromCodePoint(first + dice.below(last - first + 1));
  });
  return characters.join("");
}

/** Bytes of which many begin or continue a character. */
const likely: readonly number[] = [0x61, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xa0, 0x9f];

/** Registers the tests of `utf8`, under `name`. */
export function utf8Suite(name: string, utf8: Utf8, { describe, it }: TestFunctions): void {
  const test = (title: string, body: () => void): void => {
    it(title, async () => body(), longestMs);
  };

  describe(name, () => {
    for (const [what, text, hex] of texts) describe(what, () => testText(utf8, text, bytesOf(hex), test));

    for (const [what, hex] of invalid) {
      test(`F7 refuses ${what}`, () => {
        const bytes = bytesOf(hex);
        refuses(utf8, bytes, 0, bytes.length);
        refuses(utf8, surrounded(bytes), 3, 3 + bytes.length);
      });
    }

    test("is not disturbed by a refusal (no state is left)", () => {
      refuses(utf8, bytesOf("f09f98"), 0, 3);
      same(utf8.read(bytesOf("c3a9"), 0, 2), "é", "the text behind");
    });

    test("writes a replacement character for half a surrogate pair, with the length that it says", () => {
      for (const text of [
        "\ud800",
        "a\udc00b",
        "\ud800\ud800",
        "\udc00\ud800",
        "\ud83d",
        "x\ud83d😀",
        "é\udc00",
        "測\udc00",
        "😀\udc00",
      ]) {
        const into = utf8.allocate(3 * text.length);
        const written = utf8.write(text, into, 0);
        same(written, utf8.byteLength(text), "bytes written");
        const expected = new TextDecoder().decode(new TextEncoder().encode(text));
        same(utf8.read(into, 0, written), expected, "what is read");
      }
    });

    test("writes and reads as TextEncoder and TextDecoder do", () => {
      const encoder = new TextEncoder();
      for (let seed = 0; seed < 300; seed++) {
        const text = randomText(Dice.seeded(seed));
        const expected = encoder.encode(text);
        const into = utf8.allocate(3 * text.length);
        same(utf8.write(text, into, 0), expected.length, `bytes written (seed ${seed})`);
        same(utf8.byteLength(text), expected.length, `byteLength (seed ${seed})`);
        same(into.slice(0, expected.length), expected, `the bytes (seed ${seed})`);
        same(utf8.read(into, 0, expected.length), text, `what is read (seed ${seed})`);
      }
    });

    test("F7 refuses exactly the bytes that TextDecoder refuses", () => {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      const outcome = (read: () => string): string => {
        try {
          return `text ${read()}`;
        } catch {
          return "refused";
        }
      };
      const outcomes = new Set<boolean>();
      for (let seed = 0; seed < 4_000; seed++) {
        const dice = Dice.seeded(seed);
        const some = dice.list(0, 7, () => (dice.oneIn(3) ? dice.below(256) : dice.pick(likely)));
        const bytes = Uint8Array.from(some);
        const expected = outcome(() => decoder.decode(bytes));
        outcomes.add(expected === "refused");
        same(
          outcome(() => utf8.read(bytes, 0, bytes.length)),
          expected,
          `seed ${seed}`,
        );
      }
      same(outcomes.size, 2, "kinds of outcomes");
    });

    test("allocates memory that nobody else has", () => {
      const memory = Array.from({ length: 20 }, () => utf8.allocate(100));
      same(new Set(memory.map(({ buffer }) => buffer)).size, 20, "pieces of memory");
      for (const { length, buffer } of memory) same([length, buffer.byteLength], [100, 100], "sizes");
    });
  });
}

function testText(
  utf8: Utf8,
  text: string,
  bytes: Uint8Array,
  test: (title: string, body: () => void) => void,
): void {
  test("has its length in bytes", () => same(utf8.byteLength(text), bytes.length, "byteLength"));

  for (const at of [0, 3]) {
    test(`is written at ${at}, and nothing beside it changes`, () => {
      const into = utf8.allocate(at + 3 * text.length + 4).fill(0xcc);
      same(utf8.write(text, into, at), bytes.length, "bytes written");
      const expected = new Uint8Array(into.length).fill(0xcc);
      expected.set(bytes, at);
      same([...into], [...expected], "the memory");
    });
  }

  test("is written into memory of exactly its length", () => {
    const into = utf8.allocate(bytes.length);
    same(utf8.write(text, into, 0), bytes.length, "bytes written");
    same([...into], [...bytes], "the memory");
  });

  test("is written into a view of a part of memory", () => {
    const memory = new Uint8Array(60);
    same(utf8.write(text, memory.subarray(10, 50), 2), bytes.length, "bytes written");
    same([...memory.subarray(12, 12 + bytes.length)], [...bytes], "the memory");
  });

  test("is read, from the middle of other bytes as well", () => {
    same(utf8.read(bytes, 0, bytes.length), text, "from the start");
    same(utf8.read(surrounded(bytes), 3, 3 + bytes.length), text, "from the middle");
    same(utf8.read(surrounded(bytes).subarray(1), 2, 2 + bytes.length), text, "from a view");
  });
}
