/** Bytes cut into chunks in every way that a carrier may cut them. */
import { FrameDecoder } from "../../src/frame/decode-frames.ts";
import { standardUtf8, type Utf8 } from "../../src/frame/utf8.ts";
import { comparable } from "./wire-vectors.ts";

/** What a decoder makes of chunks: the frames, to be compared, and the code of the error that ended it. */
export interface Decoded {
  readonly frames: readonly object[];
  readonly code: string | undefined;
  readonly isInsideFrame: boolean;
}

export function decode(chunks: Iterable<Uint8Array>, utf8: Utf8 = standardUtf8): Decoded {
  const decoder = new FrameDecoder(utf8);
  const frames: object[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk, (frame) => frames.push(comparable(frame)));
      // A carrier may use its memory again.
      chunk.fill(0xee);
    }
  } catch (error) {
    return { frames, code: (error as { readonly code: string }).code, isInsideFrame: true };
  }
  return { frames, code: undefined, isInsideFrame: decoder.isInsideFrame };
}

/** `bytes` in chunks that end at `cuts`, each with memory of its own. */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...new Set(cuts)].filter((cut) => cut < bytes.length).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.slice(i === 0 ? 0 : ends[i - 1], end));
}

export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** Numbers from 0 to 1 that only depend on `seed` (the generator is mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Chunks of random lengths: mostly of a few bytes, sometimes of thousands. */
export function cutRandomly(bytes: Uint8Array, seed: number): Uint8Array[] {
  const random = randomNumbers(seed);
  const cuts: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    at += Math.floor(random() * 2 ** Math.ceil(random() * 15));
    cuts.push(at);
  }
  return cutAt(bytes, cuts);
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
