import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { decodeBase64, decodeByTable, encodeBase64, encodeByTable } from "../../src/schema/base64.ts";

const invalid: readonly (readonly [string, string])[] = [
  ["a length that is no multiple of four", "AAA"],
  ["one character", "A"],
  ["no padding", "AA"],
  ["padding alone", "===="],
  ["padding in front", "=AAA"],
  ["padding in the middle", "AA=A"],
  ["padding inside", "AA==AAAA"],
  ["too much padding", "A==="],
  ["a character outside the alphabet", "AAA!"],
  ["the alphabet of base64url", "AA-_"],
  ["white space", "AAAA\nAAA"],
  ["a line break after each part", "AAAA\r\n\r\n"],
  ["a character beyond ASCII", "AAAé"],
  ["characters that become several bytes", "é€"],
  ["stray bits before one padding character", "AAB="],
  ["stray bits before two", "AB=="],
];

describe.each([
  ["by table", encodeByTable, decodeByTable],
  ["as the platform can", encodeBase64, decodeBase64],
])("base64 %s", (_, encode, decode) => {
  it("has the examples of RFC 4648", () => {
    const encoder = new TextEncoder();
    const examples = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
    for (const [length, text] of examples.entries()) {
      const bytes = encoder.encode("foobar".slice(0, length));
      expect(encode(bytes)).toBe(text);
      expect(decode(text)).toEqual(bytes);
    }
  });

  it("encodes what another coder encodes, and decodes it again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(encode(bytes)).toBe(text);
        expect(decode(text)).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it("encodes a view of a larger buffer", () => {
    expect(encode(new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3))).toBe("AgM=");
  });

  it.each(invalid)("does not decode %s", (_what, text) => expect(decode(text)).toBeUndefined());

  it("decodes only what encodes to the same text", () => {
    const character = fc.constantFrom(..."AQgw=+/ -_é");
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 9 }), (text) => {
        const bytes = decode(text);
        if (bytes !== undefined) expect(encode(bytes)).toBe(text);
      }),
    );
  });
});

describe("base64 where the platform has a coder", () => {
  it("asks it, and refuses what it lets pass", () => {
    const calls: string[] = [];
    const platform = {
      fromBase64: (text: string, options: { lastChunkHandling: string }): Uint8Array => {
        calls.push(`${text} ${options.lastChunkHandling}`);
        if (text.includes("!")) throw new SyntaxError("no base64");
        return Uint8Array.from(Buffer.from(text, "base64"));
      },
      toBase64(this: Uint8Array): string {
        return Buffer.from(this).toString("base64");
      },
    };
    const before = [
      Object.getOwnPropertyDescriptor(Uint8Array, "fromBase64"),
      Object.getOwnPropertyDescriptor(Uint8Array.prototype, "toBase64"),
    ];
    onTestFinished(() => {
      restore(Uint8Array, "fromBase64", before[0]);
      restore(Uint8Array.prototype, "toBase64", before[1]);
    });
    Object.defineProperty(Uint8Array, "fromBase64", { configurable: true, value: platform.fromBase64 });
    Object.defineProperty(Uint8Array.prototype, "toBase64", { configurable: true, value: platform.toBase64 });
    expect(encodeBase64(new Uint8Array([1, 2]))).toBe("AQI=");
    expect(decodeBase64("AQI=")).toEqual(new Uint8Array([1, 2]));
    expect(decodeBase64("AQI!")).toBeUndefined();
    expect(decodeBase64("AQ  \n I=")).toBeUndefined(); // white space, which platforms skip
    expect(calls).toEqual(["AQI= strict", "AQI! strict", "AQ  \n I= strict"]);
  });
});

function restore(holder: object, name: string, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) Reflect.deleteProperty(holder, name);
  else Object.defineProperty(holder, name, descriptor);
}
