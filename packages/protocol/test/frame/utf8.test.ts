/** UTF-8 by the encoding standard's own classes: what every `Utf8` does, and halves of pairs behind what is no other half. */
import { describe, expect, it, test } from "vitest";
import { invalidUtf8, standardUtf8 } from "../../src/frame/utf8.ts";
import { utf8Suite } from "../../src/testing/utf8-suite.ts";

utf8Suite("standardUtf8", standardUtf8, { describe, it });

test.each([
  ["é\udc00", 2 + 3],
  ["測\udc00", 3 + 3],
  ["\ue000\udc00", 3 + 3],
  ["\udc00\udc00", 3 + 3],
  ["😀\udc00", 4 + 3],
  ["\ud800😀", 3 + 4],
])("standardUtf8 measures the half of a pair that stands alone: %j", (text, bytes) => {
  expect(standardUtf8.byteLength(text)).toBe(bytes);
  expect(standardUtf8.write(text, new Uint8Array(3 * text.length), 0)).toBe(bytes);
});

test("invalidUtf8 keeps why", () => {
  const cause = new TypeError("no");
  expect(invalidUtf8(cause)).toMatchObject({ code: "DECODE_ERROR", cause });
});
