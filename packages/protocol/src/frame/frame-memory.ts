/**
 * Memory that holds one frame and nothing else. A byte string in it may become the user's as it is, instead of being copied once more.
 */

/** Smaller byte strings are copied: that costs less than to remember whose they are. */
const smallest = 4096;

const memories = new WeakSet<Uint8Array>();

/** Notes that nobody will use `bytes`, which hold one frame of `size` bytes, once it has been handed over. */
export function holdsOneFrame(bytes: Uint8Array, size: number): void {
  // What keeps a value alive keeps its memory: much more than the value would be a leak.
  if (size >= smallest && bytes.length - size <= size / 4) memories.add(bytes);
}

/** Whether the `length` bytes of a payload in `bytes` may become part of a value. */
export function mayKeep(bytes: Uint8Array, length: number): boolean {
  return length >= smallest && memories.has(bytes);
}
