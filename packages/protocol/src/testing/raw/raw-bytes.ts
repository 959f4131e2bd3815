/**
 * The pieces of which the raw peer's frames are made: texts and integers as bytes.
 */

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a text, or of a value as JSON. */
export function rawBytes(value: unknown): Uint8Array {
  return utf8.encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** Text that must be UTF-8. @throws {TypeError} if it is not */
export function rawText(bytes: Uint8Array): string {
  return strictUtf8.decode(bytes);
}

export function rawJoin(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** An unsigned big-endian integer of `size` bytes. */
export function rawInteger(size: 1 | 2 | 4 | 6 | 8, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = BigInt(value);
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
