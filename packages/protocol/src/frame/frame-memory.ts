/**
 * Memory that holds one frame and nothing else. A byte string in it may become the user's as it is, instead of being copied once more.
 *
 * Frames are handed over one at a time, and what becomes of a whole message is decided before the next: so there is one such memory at most.
 */
import type { Frame } from "./frame.ts";

/** Smaller byte strings are copied: what keeps a value alive keeps its memory. */
const smallest = 4096;

let current: Uint8Array | undefined;

/** Hands `frame` over, which `bytes` hold and nobody else will use. */
export function handOverWhole(frame: Frame, bytes: Uint8Array, sink: (frame: Frame) => void): void {
  current = bytes;
  try {
    sink(frame);
  } finally {
    current = undefined;
  }
}

/** Whether the `length` bytes of a payload in `bytes` may become part of a value: at once, or not at all. */
export function mayKeep(bytes: Uint8Array, length: number): boolean {
  return bytes === current && length >= smallest && 4 * bytes.length <= 5 * length;
}
