/** What answers instead of a peer: named where it can be named, left to the decoder where not. */
import { expect, test } from "vitest";
import { foreignError } from "../src/foreign-bytes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([
  ["HTTP", bytes("HTTP/1.1 400 Bad Request\r\n"), 'it sent "HTTP/1.1 400 Bad Request\\r\\n"'],
  ["one letter", bytes("H"), 'it sent "H"'],
  ["a long text", bytes("x".repeat(61)), `it sent "${"x".repeat(60)}"…`],
  [
    "another alphabet, cut inside a letter",
    bytes("ü".repeat(40)).subarray(1).subarray(1, 62),
    `it sent "${"ü".repeat(30)}"…`,
  ],
  ["a coloured line", bytes("\x1b[32mready\x1b[0m\n"), 'it sent "\\u001b[32mready\\u001b[0m\\n"'],
  ["an alert of TLS", Uint8Array.of(0x15, 3, 3, 0, 2), "speaks TLS: use a tls:// address"],
  ["a ClientHello", Uint8Array.of(0x16, 3, 1, 2, 0), "speaks TLS"],
])("%s is named", (_, first, text) => {
  expect(foreignError(first, "The peer")).toMatchObject({
    code: "PROTOCOL_ERROR",
    message: expect.stringContaining(text),
  });
});

test.each([
  ["a frame", Uint8Array.of(0, 0, 0, 15, 1)],
  ["a length of 4 GiB", Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
  ["the sign bit", Uint8Array.of(0x80, 0, 0, 0)],
  ["text with a NUL", bytes("ab\0c")],
  ["nothing", new Uint8Array(0)],
])("%s is not", (_, first) => {
  expect(foreignError(first, "The peer")).toBeUndefined();
});
