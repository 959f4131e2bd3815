/** What is printed: the forms, the colours, and what a message may not do to a terminal. */
import { describe, expect, test } from "vitest";
import { escapeControls, TerminalLines, wantsColour } from "../src/terminal.ts";

const timestamp = new Date(2026, 10, 21, 9, 5, 7).getTime(); // local time, as it is printed
const plain = new TerminalLines(false);
const coloured = new TerminalLines(true);

describe("TerminalLines", () => {
  test.each([
    [plain.metrics({ cpu: 3.1, memory: 41.222, timestamp }), "[09:05:07] CPU: 3.10% | Memory: 41.22%"],
    [plain.log({ level: "debug", message: "web[1] a", timestamp }), "🔍 [DEBUG] web[1] a"],
    [plain.log({ level: "info", message: "web[1] a", timestamp }), "ℹ️ [INFO] web[1] a"],
    [plain.log({ level: "warn", message: "web[1] a", timestamp }), "⚠️ [WARN] web[1] a"],
    [plain.log({ level: "error", message: "web[1] a", timestamp }), "❌ [ERROR] web[1] a"],
    [plain.changingFilter("error"), "\n📝 Changing log filter to ERROR level...\n"],
    [plain.restarting("web"), "\n🔄 Restarting web service...\n"],
    [plain.restarted({ success: true, message: "Service web restarted" }), "✅ Service web restarted"],
    [plain.restarted({ success: false, message: "No such service: db" }), "❌ No such service: db"],
    [plain.disconnecting(), "\n👋 Disconnecting..."],
    [plain.metricsEnded(7), "Metrics stream ended. Total samples: 7"],
    [plain.logsEnded(12), "Log channel ended. Total logs: 12"],
    [
      coloured.metrics({ cpu: 0, memory: 100, timestamp }),
      "\x1b[90m[09:05:07]\x1b[39m CPU: 0.00% | Memory: 100.00%",
    ],
    [coloured.log({ level: "error", message: "a", timestamp }), "❌ \x1b[31m[ERROR]\x1b[39m a"],
  ])("prints %j", (line, expected) => {
    expect(line).toBe(expected);
  });

  test.each([
    ["an escape sequence", "\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"],
    ["an 8-bit escape sequence", "\x9b31m", "\\x9b31m"],
    ["a line break", "a\r\n✅ forged", "a\\x0d\\x0a✅ forged"],
    ["a turned writing direction", "a\u202egpj.exe", "a\\u202egpj.exe"],
    ["nothing, when there is nothing to fear", "häß → 🔍 ℹ️", "häß → 🔍 ℹ️"],
  ])("escapes in a message %s", (_name, message, shown) => {
    expect(coloured.log({ level: "info", message, timestamp })).toBe(`ℹ️ \x1b[34m[INFO]\x1b[39m ${shown}`);
    expect(plain.restarted({ success: false, message })).toBe(`❌ ${shown}`);
    expect(plain.restarting(message)).toBe(`\n🔄 Restarting ${shown} service...\n`);
  });
});

test("escapeControls changes those characters that drive a terminal or turn its lines, and no other", () => {
  const codes = Array.from({ length: 0x10000 }, (_, code) => code);
  const range = (from: number, to: number) => codes.slice(from, to + 1);
  expect(
    codes.filter((code) => escapeControls(String.fromCharCode(code)) !== String.fromCharCode(code)),
  ).toEqual([
    ...range(0x00, 0x1f),
    ...range(0x7f, 0x9f),
    ...range(0x61c, 0x61c),
    ...range(0x200e, 0x200f),
    ...range(0x2028, 0x202e),
    ...range(0x2066, 0x2069),
  ]);
  expect(escapeControls("\x00\x7f\u061c\u2028")).toBe("\\x00\\x7f\\u061c\\u2028");
});

test.each([
  ["a terminal", { isTTY: true }, {}, true],
  ["a terminal with an empty NO_COLOR", { isTTY: true }, { NO_COLOR: "" }, true],
  ["a terminal with NO_COLOR", { isTTY: true }, { NO_COLOR: "1" }, false],
  ["a dumb terminal", { isTTY: true }, { TERM: "dumb" }, false],
  ["a pipe", {}, {}, false],
])("wantsColour of %s", (_name, output, env, expected) => {
  expect(wantsColour(output, env)).toBe(expected);
});
