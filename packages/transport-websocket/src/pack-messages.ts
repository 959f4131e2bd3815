/**
 * Puts encoded frames into messages: as many as there are into one, each of them whole, and none larger than what every peer takes.
 */
import { maxFrameLength } from "@sluice/protocol/wire";

/** Bytes from which on a message is full. */
const fullMessageBytes = 64 * 1024;

/** Bytes of a frame's length. */
const lengthBytes = 4;

/** Bytes of a message at most, sent and taken: an almost full one and one more frame. */
export const mostMessageBytes: number = fullMessageBytes + lengthBytes + maxFrameLength;

/** `chunks`, which hold whole frames together, as messages. One chunk that fits is itself the message. */
export function packMessages(chunks: readonly Uint8Array[]): readonly Uint8Array<ArrayBuffer>[] {
  const all = joined(chunks);
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
