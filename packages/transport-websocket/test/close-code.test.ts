/** Close codes: one for every error, a meaning for every code, reasons that fit. */
import { errorCodes } from "@sluice/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeCodeOf, closeError, closeReason, ownCloseCode } from "../src/close-code.ts";

const bytes = (text: string): number => new TextEncoder().encode(text).length;

describe("W9 a close code", () => {
  test.each(errorCodes)("of its own stands for %s, and says so on the other side", (error) => {
    const code = ownCloseCode(error);
    expect(code).toBeGreaterThanOrEqual(4000);
    expect(code).toBeLessThan(5000);
    expect(closeError(code, "")).toMatchObject({ code: error, origin: "remote" });
  });

  test("is another one for each error", () => {
    expect(new Set(errorCodes.map(ownCloseCode)).size).toBe(errorCodes.length);
  });

  test.each(errorCodes)("that a server sends for %s may be sent", (error) => {
    const code = closeCodeOf(error);
    expect([1005, 1006, 1015]).not.toContain(code);
    expect((code >= 1000 && code <= 1014) || (code >= 4000 && code < 5000)).toBe(true);
  });

  test("of the standard is used where it says the same", () => {
    expect(closeCodeOf("PROTOCOL_ERROR")).toBe(1002);
    expect(closeCodeOf("FRAME_TOO_LARGE")).toBe(1009);
    expect(closeCodeOf("INTERNAL")).toBe(1011);
    expect(closeCodeOf("ENHANCE_YOUR_CALM")).toBe(1008);
  });

  test.each(["NO_STOCK", "toString", "__proto__"])(
    "of a declared error %s is that of an unknown one",
    (error) => {
      expect(ownCloseCode(error)).toBe(4002);
      expect(closeCodeOf(error)).toBe(4002);
    },
  );
});

describe("what a code means", () => {
  test.each([1000, 1005])("%d is no error", (code) => {
    expect(closeError(code, "bye")).toBeUndefined();
  });

  test.each([
    [1001, "UNAVAILABLE"],
    [1002, "PROTOCOL_ERROR"],
    [1003, "PROTOCOL_ERROR"],
    [1006, "UNAVAILABLE"],
    [1007, "PROTOCOL_ERROR"],
    [1008, "PERMISSION_DENIED"],
    [1009, "FRAME_TOO_LARGE"],
    [1011, "INTERNAL"],
    [1012, "UNAVAILABLE"],
    [1013, "RESOURCE_EXHAUSTED"],
    [1014, "UNAVAILABLE"],
    [1015, "UNAVAILABLE"],
    [3000, "UNAVAILABLE"],
    [4999, "UNAVAILABLE"],
    [0, "UNAVAILABLE"],
    [65_535, "UNAVAILABLE"],
  ])("%d is %s", (code, error) => {
    expect(closeError(code, "")?.code).toBe(error);
  });

  test("quotes what the peer said, so that it forges no line of a log", () => {
    expect(closeError(4000, "a\nFATAL b")?.message).toBe(
      'The peer closed the WebSocket with 4000: "a\\nFATAL b"',
    );
  });
});

describe("W9 a reason", () => {
  test.each([
    ["", ""],
    ["short", "short"],
    ["x".repeat(123), "x".repeat(123)],
    ["x".repeat(124), "x".repeat(123)],
    ["€".repeat(5_000), "€".repeat(41)],
    [`${"x".repeat(121)}€`, "x".repeat(121)],
    [`x${"😀".repeat(40)}`, `x${"😀".repeat(30)}`],
  ])("of any text fits, cut between characters", (text, reason) => {
    expect(closeReason(text)).toBe(reason);
  });

  test("is never above 123 bytes and is a beginning of the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const reason = closeReason(text);
        expect(bytes(reason)).toBeLessThanOrEqual(123);
        expect(text.startsWith(reason)).toBe(true);
        if (bytes(text) <= 123) expect(reason).toBe(text);
      }),
    );
  });
});
