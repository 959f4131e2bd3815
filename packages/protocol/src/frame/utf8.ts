/**
 * Text as UTF-8 bytes, behind an interface, so that a platform with a faster way can bring it.
 *
 * Reading is fatal everywhere: invalid UTF-8 is an error, never a replacement character. Spec: docs/wire.md, head.
 */
import { SluiceError } from "../errors/sluice-error.ts";

export interface Utf8 {
  /** Bytes that are written without being read first; their content is arbitrary. */
  allocate(size: number): Uint8Array;
  /** Bytes that `text` takes. */
  byteLength(text: string): number;
  /** Writes `text` into `into` from `at` on, where there is room for three bytes per code unit. Returns the bytes written. */
  write(text: string, into: Uint8Array, at: number): number;
  /**
   * The text between `start` and `end`.
   * @throws {SluiceError} `DECODE_ERROR` for invalid UTF-8
   */
  read(bytes: Uint8Array, start: number, end: number): string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 by the encoding standard's own classes; everywhere available. */
export const standardUtf8: Utf8 = {
  allocate: (size) => new Uint8Array(size),

  byteLength(text) {
    let bytes = text.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x80) continue;
      bytes += unit < 0x800 ? 1 : 2;
      // A surrogate pair is four bytes: each half counts two here, and only whole pairs reach a codec's output.
      if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
    }
    return bytes;
  },

  write: (text, into, at) => encoder.encodeInto(text, at === 0 ? into : into.subarray(at)).written,

  read(bytes, start, end) {
    if (start === end) return "";
    try {
      return decoder.decode(bytes.subarray(start, end));
    } catch (cause) {
      throw invalidUtf8(cause);
    }
  },
};

/** The error for bytes that are not UTF-8. */
export function invalidUtf8(cause?: unknown): SluiceError {
  return new SluiceError("DECODE_ERROR", "Cannot decode text: it is not valid UTF-8", { cause });
}
