/** Codes and statuses: all of them, both ways. */
import { readFileSync } from "node:fs";
import { errorCodes } from "@sluice/protocol";
import { expect, test } from "vitest";
import { codeOfStatus, statusOfCode } from "../src/http-status.ts";

/** What Connect gives the codes of calls (https://connectrpc.com/docs/protocol#error-codes), and we those of connections. */
const table = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
  PROTOCOL_ERROR: 400,
  FLOW_CONTROL_ERROR: 400,
  FRAME_TOO_LARGE: 413,
  DECODE_ERROR: 400,
  VERSION_UNSUPPORTED: 400,
  HANDSHAKE_TIMEOUT: 503,
  ENHANCE_YOUR_CALM: 429,
  SESSION_TAKEN_OVER: 409,
  SESSION_LOST: 410,
};

test("every code of ours has a row, and no other", () => {
  expect(Object.keys(table)).toEqual([...errorCodes]);
});

test.each(Object.entries(table))("%s is %i", (code, status) => {
  expect(statusOfCode(code)).toBe(status);
});

test("a declared code is 422, whatever it is called", () => {
  for (const code of ["NO_STOCK", "constructor", "__proto__", "toString"]) {
    expect(statusOfCode(code)).toBe(422);
  }
});

test("a status that names no code says whether to try again", () => {
  const read = [400, 401, 403, 404, 405, 408, 413, 415, 429, 499, 500, 501, 502, 503, 504].map(codeOfStatus);
  expect(read).toEqual([
    "INVALID_ARGUMENT",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "UNIMPLEMENTED",
    "UNIMPLEMENTED",
    "UNAVAILABLE",
    "FRAME_TOO_LARGE",
    "UNIMPLEMENTED",
    "RESOURCE_EXHAUSTED",
    "CANCELLED",
    "INTERNAL",
    "UNIMPLEMENTED",
    "UNAVAILABLE",
    "UNAVAILABLE",
    "UNAVAILABLE",
  ]);
  expect([200, 302, 418, 600].map(codeOfStatus)).toEqual(Array(4).fill("UNKNOWN"));
});

test("every status that a code has is read as an error", () => {
  for (const status of new Set(errorCodes.map(statusOfCode))) {
    expect(codeOfStatus(status), `${status}`).not.toBe("UNKNOWN");
  }
});

test("docs/http.md lists every code by its status", () => {
  const page = readFileSync(new URL("../../../docs/http.md", import.meta.url), "utf8");
  const [, rows = ""] = page.split("<!-- statuses -->");
  const said = new Map<string, number>();
  for (const [, status, codes = ""] of rows.matchAll(/^\| (\d{3}) \| (.+) \|$/gm)) {
    for (const [, code = ""] of codes.matchAll(/`(\w+)`/g)) said.set(code, Number(status));
  }
  expect(Object.fromEntries(said)).toEqual(table);
});
