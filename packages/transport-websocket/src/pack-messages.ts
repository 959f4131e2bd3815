/**
 * Puts encoded frames into messages: as many as there are into one, none larger than what every peer takes, and long byte strings without a
 * copy.
 *
 * Receivers put no meaning into where messages are cut. Spec: docs/wire.md §3.3.
 */
import { maxFrameLength } from "@sluice/protocol/wire";

/** Bytes from which on a message is full. */
const fullMessageBytes = 64 * 1024;

/** Bytes of a frame's length. */
const lengthBytes = 4;

/** Bytes of a message at most, sent and taken: an almost full one and one more frame. */
export const mostMessageBytes: number = fullMessageBytes + lengthBytes + maxFrameLength;

/** From here on a chunk is a message of its own: copying it would cost more than the message. */
const ownMessageBytes = 16 * 1024;

/**
 * `chunks`, which hold whole frames together, as messages. Long chunks are messages themselves, as they are, and what stands between two of
 * them is one; without long chunks messages hold whole frames. One chunk that fits is itself the message.
 */
export function packMessages(chunks: readonly Uint8Array[]): readonly Uint8Array<ArrayBuffer>[] {
  if (chunks.length === 1 || !chunks.some(isLong)) return wholeFrames(joined(chunks));
  const messages: Uint8Array<ArrayBuffer>[] = [];
  let from = 0;
  for (let at = 0; at <= chunks.length; at++) {
    const chunk = chunks[at];
    if (chunk !== undefined && !isLong(chunk)) continue;
    if (at > from) pushBounded(messages, joined(chunks.slice(from, at)));
    if (chunk !== undefined) pushBounded(messages, joined([chunk]));
    from = at + 1;
  }
  return messages;
}

function isLong({ length }: Uint8Array): boolean {
  return length >= ownMessageBytes;
}

function pushBounded(messages: Uint8Array<ArrayBuffer>[], bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length; at += mostMessageBytes) {
    messages.push(bytes.subarray(at, at + mostMessageBytes));
  }
}

function wholeFrames(all: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[] {
  if (all.length <= mostMessageBytes) return [all];
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  const messages: Uint8Array<ArrayBuffer>[] = [];
  let from = 0;
  let at = 0;
  while (at < all.length) {
    at += lengthBytes + view.getUint32(at);
    if (at - from < fullMessageBytes) continue;
    messages.push(all.subarray(from, at));
    from = at;
  }
  if (from < all.length) messages.push(all.subarray(from));
  return messages;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  // Sluice's own encoder, which brings them, allocates no shared memory.
  const [first] = chunks as readonly Uint8Array<ArrayBuffer>[];
  if (first !== undefined && chunks.length === 1) return first;
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
