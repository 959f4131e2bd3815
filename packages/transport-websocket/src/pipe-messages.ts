/**
 * Puts the bytes of a pipe into messages: a stream that is cut wherever a message is full. Spec: docs/pipes.md.
 */

/** Bytes of a message at most. */
const fullMessageBytes = 64 * 1024;

/** `chunks` as messages, in order. Nothing is copied, and none of them is empty. */
export function pipeMessages(chunks: readonly Uint8Array[]): readonly Uint8Array<ArrayBuffer>[] {
  const messages: Uint8Array<ArrayBuffer>[] = [];
  // Frames are encoded into memory of their own, which is not shared.
  for (const chunk of chunks as readonly Uint8Array<ArrayBuffer>[]) {
    for (let at = 0; at < chunk.length; at += fullMessageBytes) {
      messages.push(chunk.subarray(at, at + fullMessageBytes));
    }
  }
  return messages;
}
