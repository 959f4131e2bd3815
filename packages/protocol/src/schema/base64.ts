/**
 * Base64 with padding, strict: what decodes is exactly what encodes. Uses the platform's coder where there is one.
 *
 * Spec: RFC 4648 §4.
 */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const padding = "=".charCodeAt(0);
const invalid = 0xff;

const codes = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const values = new Uint8Array(256).fill(invalid);
for (const [value, code] of codes.entries()) values[code] = value;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface PlatformBytes {
  toBase64?(): string;
}

interface PlatformBytesConstructor {
  fromBase64?(text: string, options: { lastChunkHandling: "strict" }): Uint8Array;
}

/** `bytes` as base64. */
export function encodeBase64(bytes: Uint8Array): string {
  const platform: Uint8Array & PlatformBytes = bytes;
  return platform.toBase64 === undefined ? encodeByTable(bytes) : platform.toBase64();
}

/** The bytes that `text` is the base64 of; `undefined` if it is not that of any bytes. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const platform: typeof Uint8Array & PlatformBytesConstructor = Uint8Array;
  if (platform.fromBase64 === undefined) return decodeByTable(text);
  try {
    const bytes = platform.fromBase64(text, { lastChunkHandling: "strict" });
    return bytes.length === decodedLength(text) ? bytes : undefined; // it skips white space, which is not ours to skip
  } catch {
    return undefined; // a SyntaxError is the answer
  }
}

function decodedLength(text: string): number {
  return (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
}

/** {@link encodeBase64} where the platform cannot. */
export function encodeByTable(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const triple = (at3(bytes, i) << 16) | (at3(bytes, i + 1) << 8) | at3(bytes, i + 2);
    text[at++] = codes[triple >> 18] as number;
    text[at++] = codes[(triple >> 12) & 63] as number;
    text[at++] = codes[(triple >> 6) & 63] as number;
    text[at++] = codes[triple & 63] as number;
  }
  const surplus = (3 - (bytes.length % 3)) % 3;
  text.fill(padding, text.length - surplus);
  return decoder.decode(text);
}

/** The byte at `index`, 0 behind the last one. */
function at3(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

/** {@link decodeBase64} where the platform cannot. */
export function decodeByTable(text: string): Uint8Array | undefined {
  const encoded = encoder.encode(text);
  const length = decodedLength(text);
  if (encoded.length % 4 !== 0 || encoded.length !== text.length) return undefined;
  const surplus = (encoded.length / 4) * 3 - length;
  encoded.fill(codes[0] as number, encoded.length - surplus);
  const bytes = new Uint8Array(length + surplus);
  let all = 0;
  for (let i = 0, at = 0; i < encoded.length; i += 4) {
    const first = values[encoded[i] as number] as number;
    const second = values[encoded[i + 1] as number] as number;
    const third = values[encoded[i + 2] as number] as number;
    const fourth = values[encoded[i + 3] as number] as number;
    all |= first | second | third | fourth;
    bytes[at++] = (first << 2) | (second >> 4);
    bytes[at++] = (second << 4) | (third >> 2);
    bytes[at++] = (third << 6) | fourth;
  }
  const hasStrayBits = bytes.subarray(length).some((byte) => byte !== 0);
  return all > 63 || hasStrayBits ? undefined : bytes.subarray(0, length);
}
