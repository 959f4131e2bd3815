/**
 * JSON text judged before anything is built from it: how many values it holds, in one walk over its characters.
 *
 * For long texts only: an object costs its sender three bytes, and its receiver twenty times as much.
 */
import type { ValueLimits } from "./codec.ts";
import { tooMany } from "./safe-value.ts";

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/**
 * Counts the values of `text`; whether it is JSON at all is for `JSON.parse` to say.
 * @throws {SluiceError} `DECODE_ERROR` if they are more than `limits` allow
 */
export function checkJson(text: string, limits: ValueLimits): void {
  let nodes = 1;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) at = endOfText(text, at);
    else if (character === comma || (isOpening(character) && !isEmpty(text, at + 1))) nodes++;
    if (nodes > limits.maxNodes) throw tooMany(limits);
  }
}

function isOpening(character: number): boolean {
  return character === openArray || character === openObject;
}

/** Whether the array or object whose inside begins at `at` has nothing in it. */
function isEmpty(text: string, at: number): boolean {
  let inside = at;
  while (text.charCodeAt(inside) <= 0x20) inside++;
  const character = text.charCodeAt(inside);
  return character === closeArray || character === closeObject;
}

/** Where the text that begins at `start` has its closing quote; the end of all if it has none. */
function endOfText(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
}
