/**
 * The raw peer's own decoder: cuts bytes into frames, and reads what their bodies hold.
 *
 * Spec: docs/wire.md §3, §3.1, §3.2.
 */
import { rawText } from "./raw-bytes.ts";
import {
  type RawCredit,
  type RawData,
  type RawError,
  type RawFrame,
  type RawOpen,
  rawFlag,
  rawOpenFlag,
} from "./raw-frame.ts";

/** Reads the parts of a body one after the other. */
class BodyReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) throw new RangeError(`A frame's body ends before its parts do`);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  integer(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at);
  }
}

/** Cuts `bytes` into frames. Returns them, and what is left of an unfinished one. */
export function decodeRaw(bytes: Uint8Array): {
  readonly frames: readonly RawFrame[];
  readonly rest: Uint8Array;
} {
  const frames: RawFrame[] = [];
  let rest = bytes;
  for (;;) {
    if (rest.length < 4) break;
    const length = new BodyReader(rest).integer(4);
    if (length < 5 || length > 81_920) throw new RangeError(`A frame says ${length} bytes`);
    if (rest.length < 4 + length) break;
    const head = rest[4] as number;
    const call = new BodyReader(rest.subarray(5)).integer(4);
    frames.push({ type: head & 0x1f, flags: head & 0xe0, call, body: rest.slice(9, 4 + length) });
    rest = rest.subarray(4 + length);
  }
  return { frames, rest };
}

/** The JSON of a HELLO, WELCOME, ACCEPT, DRAIN or CLOSE. */
export function readRawJson({ body }: RawFrame): Record<string, unknown> {
  return JSON.parse(rawText(body)) as Record<string, unknown>;
}

export function readRawOpen({ flags, body }: RawFrame): RawOpen {
  const reader = new BodyReader(body);
  const openFlags = reader.integer(1);
  const origin = Array.from(reader.take(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const number = reader.integer(4);
  const timeout = reader.integer(4);
  const window = reader.integer(4);
  const maxWindow = reader.integer(4);
  const name = rawText(reader.take(reader.integer(1)));
  const metadata = rawText(reader.take(reader.integer(2)));
  const hasResume = (openFlags & rawOpenFlag.resume) !== 0;
  const resume = hasResume ? { received: reader.integer(6), limit: reader.integer(6) } : undefined;
  const total = (flags & rawFlag.more) === 0 ? undefined : reader.integer(4);
  const payload = reader.rest();
  return { openFlags, origin, number, timeout, window, maxWindow, name, metadata, resume, total, payload };
}

export function readRawData({ flags, body }: RawFrame): RawData {
  const reader = new BodyReader(body);
  const offset = reader.integer(6);
  const total = (flags & rawFlag.head) === 0 ? undefined : reader.integer(4);
  return { offset, total, payload: reader.rest() };
}

export function readRawCredit({ body }: RawFrame): RawCredit {
  const reader = new BodyReader(body);
  return { received: reader.integer(6), limit: reader.integer(6) };
}

/** The offset of an END. */
export function readRawEnd({ body }: RawFrame): number {
  return new BodyReader(body).integer(6);
}

export function readRawError({ body }: RawFrame): RawError {
  const reader = new BodyReader(body);
  const offset = reader.integer(6);
  const json = JSON.parse(rawText(reader.take(reader.integer(2)))) as RawError["json"];
  return { offset, json, payload: reader.rest() };
}

/** The ids of a DONE. */
export function readRawDone({ body }: RawFrame): number[] {
  const reader = new BodyReader(body);
  return Array.from({ length: body.length / 4 }, () => reader.integer(4));
}

/** The nonce of a PING. */
export function readRawPing({ body }: RawFrame): number {
  return new BodyReader(body).integer(4);
}
