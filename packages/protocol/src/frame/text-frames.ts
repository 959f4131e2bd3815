/**
 * Frames as lines of text, for carriers of text: an array that holds what a frame has before its payload, then the payload.
 *
 * Works on the bytes of binary frames, so that every bound is judged in one place, the frame decoder. Pure. Spec: docs/wire.md §3.3.
 */
import { maxFrameLength } from "../limits.ts";
import { decodeBase64, encodeBase64 } from "../schema/base64.ts";
import {
  checkLength,
  flagHead,
  flagMore,
  frameHeadBytes,
  isExtension,
  lengthOverhead,
  malformed,
  openResume,
} from "./check-frame.ts";
import { FrameType } from "./frame.ts";
import { readU16, readU32, readU48, writeU16, writeU32, writeU48 } from "./integers.ts";
import type { Utf8 } from "./utf8.ts";

/** Added to a frame's head: the payload is base64. */
const flagBase64 = 0x100;
/** The longest line of one frame, in bytes: no escape takes more than six characters for one. */
export const maxTextFrame: number = 6 * maxFrameLength;

/** What stands before the payload: integers of so many bits, an origin as hex digits, texts behind a length of so many bits. */
type Field = "u8" | "u32" | "u48" | "origin" | "text8" | "text16";

const data: readonly Field[] = ["u48"];
const dataHead: readonly Field[] = ["u48", "u32"];
const credit: readonly Field[] = ["u48", "u48"];
const ping: readonly Field[] = ["u32"];
const error: readonly Field[] = ["u48", "text16"];
const open: readonly Field[] = ["u8", "origin", "u32", "u32", "u32", "u32", "text8", "text16"];
const none: readonly Field[] = [];

/** `flags`: those in the body of an OPEN. `ids`: how many a DONE has. */
function fieldsOf(head: number, flags: number, ids: number): readonly Field[] {
  switch (head & 0x1f) {
    case FrameType.OPEN: {
      const resume = (flags & openResume) !== 0 ? credit : none;
      return [...open, ...resume, ...((head & flagMore) !== 0 ? ping : none)];
    }
    case FrameType.DATA:
    case FrameType.RESULT:
      return (head & flagHead) !== 0 ? dataHead : data;
    case FrameType.CREDIT:
      return credit;
    case FrameType.END:
      return data;
    case FrameType.ERROR:
      return error;
    case FrameType.PING:
      return ping;
    case FrameType.DONE:
      return new Array<Field>(ids).fill("u32");
    default:
      return none;
  }
}

/** The line of the binary frame that fills `bytes` from `from` to `end`, without its end of line. The frame is a valid one. */
export function encodeTextFrame(bytes: Uint8Array, from: number, end: number, utf8: Utf8): string {
  const head = bytes[from + 4] as number;
  const elements: (number | string)[] = [head, readU32(bytes, from + 5)];
  let at = from + frameHeadBytes;
  for (const field of fieldsOf(head, bytes[at] ?? 0, (end - at) / 4)) {
    const { value, size } = readField(field, bytes, at, utf8);
    elements.push(value);
    at += size;
  }
  if (at === end) return JSON.stringify(elements);
  const text = textOf(bytes, at, end, utf8);
  if (text !== undefined) return `${JSON.stringify(elements)} ${text}`;
  elements[0] = head | flagBase64;
  return `${JSON.stringify(elements)} ${encodeBase64(bytes.subarray(at, end))}`;
}

function readField(
  field: Field,
  bytes: Uint8Array,
  at: number,
  utf8: Utf8,
): { value: number | string; size: number } {
  switch (field) {
    case "u8":
      return { value: bytes[at] as number, size: 1 };
    case "u32":
      return { value: readU32(bytes, at), size: 4 };
    case "u48":
      return { value: readU48(bytes, at), size: 6 };
    case "origin":
      return { value: hex(readU32(bytes, at)) + hex(readU32(bytes, at + 4)), size: 8 };
    case "text8": {
      const end = at + 1 + (bytes[at] as number);
      return { value: utf8.read(bytes, at + 1, end), size: end - at };
    }
    case "text16": {
      const end = at + 2 + readU16(bytes, at);
      return { value: utf8.read(bytes, at + 2, end), size: end - at };
    }
  }
}

function hex(half: number): string {
  return half.toString(16).padStart(8, "0");
}

/** The bytes as text without control characters; `undefined` if they are not that. */
function textOf(bytes: Uint8Array, from: number, end: number, utf8: Utf8): string | undefined {
  try {
    const text = utf8.read(bytes, from, end);
    return /\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    // Bytes that are no text, or a piece that ends inside a character: base64 carries both.
    return undefined;
  }
}

/**
 * The binary frame that the line in `bytes` from `from` to `end` stands for; whether it is a valid one is for the frame decoder to say.
 * Nothing is kept of `bytes`.
 * @throws {SluiceError} `PROTOCOL_ERROR`, `FRAME_TOO_LARGE`, `DECODE_ERROR`
 */
export function decodeTextFrame(bytes: Uint8Array, from: number, end: number, utf8: Utf8): Uint8Array {
  const after = endOfArray(bytes, from, end);
  const elements = parseArray(utf8.read(bytes, from, after));
  const mark = integer(elements[0], flagBase64 + 0xff);
  const head = mark & 0xff;
  checkType(head & 0x1f);
  const call = integer(elements[1], 0xffff_ffff);
  const fields = fieldsOf(head, Number(elements[2]), elements.length - 2);
  if (elements.length !== 2 + fields.length) {
    throw malformed(`a line of frame type ${head & 0x1f} has ${elements.length} elements`);
  }
  const payload = payloadOf(bytes, after, end, mark !== head, utf8);
  const sizes = fields.map((field, at) => sizeOf(field, elements[at + 2], utf8));
  const length = lengthOverhead + sizes.reduce((sum, size) => sum + size, 0) + payload.length;
  checkLength(length);
  const frame = utf8.allocate(4 + length);
  writeU32(frame, 0, length);
  frame[4] = head;
  writeU32(frame, 5, call);
  let at = frameHeadBytes;
  for (const [index, field] of fields.entries()) {
    writeField(field, elements[index + 2] as number | string, sizes[index] as number, frame, at, utf8);
    at += sizes[index] as number;
  }
  frame.set(payload, at);
  return frame;
}

const [space, quote, backslash, opening, closing] = [0x20, 0x22, 0x5c, 0x5b, 0x5d];

/** Where the array that begins at `from` ends; it holds no other array. */
function endOfArray(bytes: Uint8Array, from: number, end: number): number {
  if (from >= end || bytes[from] !== opening) throw malformed("a line does not begin with an array");
  let isText = false;
  for (let at = from + 1; at < end; at++) {
    const byte = bytes[at];
    if (isText && byte === backslash) at++;
    else if (byte === quote) isText = !isText;
    else if (byte === closing && !isText) return at + 1;
  }
  throw malformed("the array of a line has no end");
}

function parseArray(text: string): readonly unknown[] {
  try {
    return JSON.parse(text) as readonly unknown[];
  } catch {
    // JSON.parse quotes the text in its message; what a peer sent, metadata too, stays out of errors and logs.
    throw malformed("the array of a line is no JSON");
  }
}

/** What no binary frame could be is refused here: its layout is not known. */
function checkType(type: number): void {
  if (type > 0 && (type <= FrameType.CLOSE || isExtension(type))) return;
  throw malformed(`frame type ${type} is not known`);
}

function payloadOf(bytes: Uint8Array, after: number, end: number, isBase64: boolean, utf8: Utf8): Uint8Array {
  if (after < end && bytes[after] !== space) throw malformed("a line has no space before its payload");
  const start = Math.min(after + 1, end);
  if (!isBase64) return bytes.subarray(start, end);
  const payload = decodeBase64(utf8.read(bytes, start, end));
  if (payload === undefined) throw malformed("the payload of a line is no base64");
  return payload;
}

/** The bytes that `field` takes; `value` fits it then. */
function sizeOf(field: Field, value: unknown, utf8: Utf8): number {
  switch (field) {
    case "u8":
      integer(value, 0xff);
      return 1;
    case "u32":
      integer(value, 0xffff_ffff);
      return 4;
    case "u48":
      integer(value, 2 ** 48 - 1);
      return 6;
    case "origin":
      if (typeof value === "string" && /^[\da-f]{16}$/.test(value)) return 8;
      throw malformed("the origin of an OPEN is not 16 hex digits");
    case "text8":
      return 1 + textSize(value, 0xff, utf8);
    case "text16":
      return 2 + textSize(value, 0xffff, utf8);
  }
}

function textSize(value: unknown, most: number, utf8: Utf8): number {
  if (typeof value !== "string") throw malformed(`a line has ${typeof value} instead of a string`);
  const bytes = utf8.byteLength(value);
  if (bytes > most) throw malformed(`a line has a string of ${bytes} bytes instead of at most ${most}`);
  return bytes;
}

function integer(value: unknown, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw malformed(`a line has no whole number up to ${most} where one belongs`);
}

function writeField(
  field: Field,
  value: number | string,
  size: number,
  into: Uint8Array,
  at: number,
  utf8: Utf8,
): void {
  if (typeof value === "number") {
    if (size === 6) writeU48(into, at, value);
    else if (size === 4) writeU32(into, at, value);
    else into[at] = value;
  } else if (field === "origin") {
    writeU32(into, at, Number.parseInt(value.slice(0, 8), 16));
    writeU32(into, at + 4, Number.parseInt(value.slice(8), 16));
  } else if (field === "text8") {
    into[at] = size - 1;
    writeText(value, size - 1, into, at + 1, utf8);
  } else {
    writeU16(into, at, size - 2);
    writeText(value, size - 2, into, at + 2, utf8);
  }
}

/** Through memory of its own: {@link Utf8.write} wants room for three bytes a code unit. */
function writeText(text: string, size: number, into: Uint8Array, at: number, utf8: Utf8): void {
  const room = utf8.allocate(3 * text.length);
  utf8.write(text, room, 0);
  into.set(room.subarray(0, size), at);
}
