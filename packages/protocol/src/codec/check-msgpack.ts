/**
 * A MessagePack payload judged before anything is built from it: one walk over the bytes, without recursion.
 *
 * Refused are lengths beyond the payload, nesting and nodes beyond the limits, extension types, keys that are not text or
 * are `__proto__`, numbers that are not finite, integers that a number cannot hold, invalid UTF-8. Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { readU16, readU32 } from "../frame/integers.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { ValueLimits } from "./codec.ts";
import { tooDeep, tooMany } from "./safe-value.ts";

/** The highest upper half of a 64-bit integer that is exact as a number. */
const safeHigh = 0x1fffff;

/** @throws {SluiceError} `DECODE_ERROR` unless exactly one well-formed value within `limits` lies between `start` and `end` */
export function checkMsgpack(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ValueLimits,
  utf8: Utf8,
): void {
  /** For every open array or map: how many values it still lacks; a map counts keys and values, negative. */
  const open: number[] = [];
  let nodes = 0;
  let at = start;
  for (;;) {
    const parent = open.length - 1;
    const left = parent < 0 ? 1 : (open[parent] as number);
    // Keys come where an even number of keys and values is still to come.
    const isKey = left < 0 && left % 2 === 0;
    if (!isKey && ++nodes > limits.maxNodes) throw tooMany(limits);
    if (at >= end) throw bad("it ends inside a value");
    const head = bytes[at++] as number;
    let textBytes = -1;
    let skip = 0;
    let children = 0;
    if (head < 0x80 || head >= 0xe0) {
      // A small integer, complete.
    } else if (head < 0x90) children = -2 * (head & 0x0f);
    else if (head < 0xa0) children = head & 0x0f;
    else if (head < 0xc0) textBytes = head & 0x1f;
    else {
      if (at + headBytes(head) > end) throw bad("it ends inside a value");
      switch (head) {
        case 0xc0:
        case 0xc2:
        case 0xc3:
          break;
        case 0xc4:
          skip = 1 + (bytes[at] as number);
          break;
        case 0xc5:
          skip = 2 + readU16(bytes, at);
          break;
        case 0xc6:
          skip = 4 + readU32(bytes, at);
          break;
        case 0xca:
          checkFloat(readU16(bytes, at), 0x7f80);
          skip = 4;
          break;
        case 0xcb:
          checkFloat(readU16(bytes, at), 0x7ff0);
          skip = 8;
          break;
        case 0xcc:
        case 0xd0:
          skip = 1;
          break;
        case 0xcd:
        case 0xd1:
          skip = 2;
          break;
        case 0xce:
        case 0xd2:
          skip = 4;
          break;
        case 0xcf:
        case 0xd3:
          checkInteger(readU32(bytes, at), head === 0xd3);
          skip = 8;
          break;
        case 0xd9:
          textBytes = bytes[at++] as number;
          break;
        case 0xda:
          textBytes = readU16(bytes, at);
          at += 2;
          break;
        case 0xdb:
          textBytes = readU32(bytes, at);
          at += 4;
          break;
        case 0xdc:
          children = readU16(bytes, at);
          at += 2;
          break;
        case 0xdd:
          children = readU32(bytes, at);
          at += 4;
          break;
        case 0xde:
          children = -2 * readU16(bytes, at);
          at += 2;
          break;
        case 0xdf:
          children = -2 * readU32(bytes, at);
          at += 4;
          break;
        default:
          throw bad(`type 0x${head.toString(16)} is not accepted`);
      }
    }
    if (textBytes >= 0) {
      if (at + textBytes > end) throw bad("it ends inside a text");
      checkText(bytes, at, at + textBytes, isKey, utf8);
      at += textBytes;
    } else if (isKey) throw bad("a key is not text");
    at += skip;
    if (at > end) throw bad("it ends inside a value");
    if (parent >= 0) open[parent] = left < 0 ? left + 1 : left - 1;
    if (isContainer(head) && open.length >= limits.maxDepth) throw tooDeep(limits);
    if (children !== 0) {
      if (Math.abs(children) > end - at) throw bad("it announces more values than it has bytes");
      open.push(children);
    }
    while (open.length > 0 && open[open.length - 1] === 0) open.pop();
    if (open.length === 0) break;
  }
  if (at !== end) throw bad("bytes follow the value");
}

/** Length bytes, or fixed bytes, that must be there before they are read. */
function headBytes(head: number): number {
  switch (head) {
    case 0xc4:
    case 0xd9:
      return 1;
    case 0xc5:
    case 0xda:
    case 0xdc:
    case 0xde:
      return 2;
    case 0xc6:
    case 0xca:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return 4;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 8;
    default:
      return 0;
  }
}

function isContainer(head: number): boolean {
  return (head >= 0x80 && head < 0xa0) || (head >= 0xdc && head <= 0xdf);
}

/** NaN and infinities have every bit of the exponent set. */
function checkFloat(upper: number, exponent: number): void {
  if ((upper & exponent) === exponent) throw bad("a number is not finite");
}

function checkInteger(high: number, signed: boolean): void {
  const magnitude = signed && high >= 0x80000000 ? 0xffffffff - high : high;
  if (magnitude > safeHigh) throw bad("an integer is beyond 2^53");
}

/** `__proto__` is no key that every decoder can keep apart from the prototype. */
const proto: readonly number[] = Array.from("__proto__", (char) => char.charCodeAt(0));

function checkText(bytes: Uint8Array, from: number, to: number, isKey: boolean, utf8: Utf8): void {
  if (isKey && to - from === proto.length && proto.every((byte, i) => bytes[from + i] === byte)) {
    throw bad("a key is __proto__");
  }
  for (let i = from; i < to; i++) {
    if ((bytes[i] as number) >= 0x80) {
      utf8.read(bytes, i, to);
      return;
    }
  }
}

function bad(what: string): SluiceError {
  return new SluiceError("DECODE_ERROR", `Cannot decode a payload: ${what}`);
}
