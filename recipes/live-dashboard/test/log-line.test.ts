/** Log lines: there and back, and what is no log line. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatLogLine, isAtLeast, logLevels, parseLogLine } from "../src/log-line.ts";

const timestamp = Date.UTC(2026, 10, 21, 10);

describe("formatLogLine", () => {
  test.each([
    ["info", "2026-11-21T10:00:00.000Z INFO  web[1234] message"],
    ["error", "2026-11-21T10:00:00.000Z ERROR web[1234] message"],
  ] as const)("writes %s", (level, line) => {
    expect(formatLogLine({ level, message: "web[1234] message", timestamp })).toBe(line);
  });

  test("keeps an entry on one line", () => {
    const line = formatLogLine({
      level: "warn",
      message: "a\r\n2026-11-21T10:00:00.000Z ERROR forged",
      timestamp,
    });
    expect(line).toBe("2026-11-21T10:00:00.000Z WARN  a\\r\\n2026-11-21T10:00:00.000Z ERROR forged");
  });
});

describe("parseLogLine", () => {
  test("reads what formatLogLine wrote", () => {
    const entry = fc.record({
      level: fc.constantFrom(...logLevels),
      message: fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]/.test(text)),
      timestamp: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
    });
    fc.assert(
      fc.property(entry, (written) => {
        expect(parseLogLine(formatLogLine(written))).toEqual(written);
      }),
    );
  });

  test.each([
    "",
    "Segmentation fault",
    "2026-11-21T10:00:00.000Z",
    "2026-11-21T10:00:00.000Z TRACE web[1] unknown level",
    "2026-11-21T10:00:00.000Z INFO web[1] not padded",
    "2026-13-41T10:00:00.000Z ERROR web[1] no such day",
    " 2026-11-21T10:00:00.000Z ERROR web[1] indented",
    "\u0000\u0000\ufffd",
  ])("passes on as info what is no log line: %j", (line) => {
    expect(parseLogLine(line, timestamp)).toEqual({ level: "info", message: line, timestamp });
  });
});

test("isAtLeast orders the levels from debug to error", () => {
  expect(logLevels.map((level) => logLevels.filter((threshold) => isAtLeast(level, threshold)))).toEqual([
    ["debug"],
    ["debug", "info"],
    ["debug", "info", "warn"],
    ["debug", "info", "warn", "error"],
  ]);
});
