/**
 * The frames of a downlink's events as bytes, those of one chunk together: lines that are plain items become no strings on the way.
 *
 * Pure; the counterpart of event-text.ts. What is no plain item, and all that is wrong, is for `decodeTextFrame` of the protocol to read.
 * Spec: docs/wire.md §3.3, §5.
 */
import { decodeTextFrame, FrameType, maxFrameLength, type Utf8 } from "@sluice/protocol/wire";

/** Bytes of a DATA frame without an amount, before its payload: length, head, call, offset. */
const plainDataBytes = 15;
const [zero, nine, comma, closing, space] = [0x30, 0x39, 0x2c, 0x5d, 0x20];
/** How the line of a plain item begins: `[`, the type, `,`. */
const plainStart = new TextEncoder().encode(`[${FrameType.DATA},`);
const [mostCall, mostOffset] = [0xffff_ffff, 2 ** 48 - 1];
const nothing = new Uint8Array(0);

export class EventFrames {
  readonly #utf8: Utf8;
  #bytes: Uint8Array = nothing;
  #at = 0;
  /** Room that is made at least, when some is. */
  #expected = 0;

  constructor(utf8: Utf8) {
    this.#utf8 = utf8;
  }

  /** About so many bytes of lines follow. */
  expect(bytes: number): void {
    this.#expected = bytes;
  }

  /**
   * Adds the frame of the line in `bytes` from `from` to `end`; nothing is kept of them.
   * @throws {SluiceError} as `decodeTextFrame`
   */
  add(bytes: Uint8Array, from: number, end: number): void {
    if (this.#addPlain(bytes, from, end)) return;
    const frame = decodeTextFrame(bytes, from, end, this.#utf8);
    this.#reserve(frame.length);
    this.#bytes.set(frame, this.#at);
    this.#at += frame.length;
  }

  /** The frames that were added since, in memory that nobody else has; `undefined`: none. */
  take(): Uint8Array | undefined {
    if (this.#at === 0) return undefined;
    const frames = this.#bytes.subarray(0, this.#at);
    this.#bytes = nothing;
    this.#at = 0;
    return frames;
  }

  /** Whether the line is an item in one piece, with integers as everybody writes them, and was added. */
  #addPlain(bytes: Uint8Array, from: number, end: number): boolean {
    for (let index = 0; index < plainStart.length; index++) {
      if (bytes[from + index] !== plainStart[index]) return false;
    }
    const callAt = from + plainStart.length;
    const callEnd = digitsEnd(bytes, callAt, end);
    const offsetEnd = digitsEnd(bytes, callEnd + 1, end);
    const payloadAt = offsetEnd + 2;
    if (bytes[callEnd] !== comma || bytes[offsetEnd] !== closing || bytes[offsetEnd + 1] !== space)
      return false;
    const call = integerOf(bytes, callAt, callEnd);
    const offset = integerOf(bytes, callEnd + 1, offsetEnd);
    const frameBytes = plainDataBytes + end - payloadAt;
    if (call > mostCall || offset > mostOffset || payloadAt >= end || frameBytes - 4 > maxFrameLength)
      return false;
    this.#reserve(frameBytes);
    const [into, at] = [this.#bytes, this.#at];
    writeU32(into, at, frameBytes - 4);
    into[at + 4] = FrameType.DATA;
    writeU32(into, at + 5, call);
    const high = Math.floor(offset / 2 ** 32);
    into[at + 9] = high >>> 8;
    into[at + 10] = high;
    writeU32(into, at + 11, offset % 2 ** 32);
    copy(bytes, payloadAt, end, into, at + plainDataBytes);
    this.#at += frameBytes;
    return true;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#expected, this.#at === 0 ? 0 : 2 * this.#at));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/** Where the digits from `at` on end: at most 15 of them, which is what a number holds exactly. */
function digitsEnd(bytes: Uint8Array, at: number, end: number): number {
  const most = Math.min(end, at + 15);
  let index = at;
  while (index < most && (bytes[index] as number) >= zero && (bytes[index] as number) <= nine) index++;
  return index;
}

/** The integer of those digits; infinite for what JSON does not take for one: no digits, or a zero before others. */
function integerOf(bytes: Uint8Array, from: number, end: number): number {
  if (from === end || (bytes[from] === zero && end - from > 1)) return Number.POSITIVE_INFINITY;
  let value = 0;
  for (let index = from; index < end; index++) value = 10 * value + (bytes[index] as number) - zero;
  return value;
}

function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** Byte by byte where that is faster than a view and a call. */
function copy(bytes: Uint8Array, from: number, end: number, into: Uint8Array, at: number): void {
  if (end - from > 64) into.set(bytes.subarray(from, end), at);
  else for (let index = from; index < end; index++) into[at + index - from] = bytes[index] as number;
}
