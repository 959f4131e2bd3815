/** The codes: those of docs/wire.md §6 and no others, each with a default for retrying. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errorCodes, isErrorCode, isRetryableCode } from "../../src/errors/error-code.ts";

const page = readFileSync(new URL("../../../../docs/wire.md", import.meta.url), "utf8");

/** The codes in one row of the table of §6. */
function codesOf(row: string): string[] {
  const line = page.split("\n").find((text) => text.startsWith(`| ${row}`)) ?? "";
  const [, , codes = ""] = line.split("|");
  return codes.match(/[A-Z]+(?:_[A-Z]+)+|[A-Z]{5,}/g) ?? [];
}

describe("errorCodes", () => {
  test("are those of the page, in its order", () => {
    const ofCalls = codesOf("of a call");
    expect(ofCalls).toHaveLength(16);
    expect(errorCodes).toEqual([...ofCalls, ...codesOf("of a link or session")]);
  });

  test.each(errorCodes)("%s is a code", (code) => {
    expect(isErrorCode(code)).toBe(true);
  });
});

describe("isErrorCode", () => {
  test.each([
    "OK",
    "not_found",
    "NOT_FOUND ",
    "NO_STOCK",
    "constructor",
    "toString",
    "__proto__",
    "",
    5,
    null,
    undefined,
    {},
    ["NOT_FOUND"],
  ])("does not take %j for one", (code) => {
    expect(isErrorCode(code)).toBe(false);
  });
});

describe("isRetryableCode", () => {
  test("says which failures may pass", () => {
    expect(errorCodes.filter(isRetryableCode)).toEqual([
      "RESOURCE_EXHAUSTED",
      "ABORTED",
      "UNAVAILABLE",
      "HANDSHAKE_TIMEOUT",
      "SESSION_LOST",
    ]);
  });

  test.each(["NO_STOCK", "constructor", "hasOwnProperty", ""])("is false for %j, which is none", (code) => {
    expect(isRetryableCode(code)).toBe(false);
  });
});
