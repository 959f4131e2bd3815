/**
 * How much waits in a stream of a pipe before its other end has to.
 */

/** What a chunk costs beyond its bytes, so that empty ones are not free. */
const chunkOverhead = 64;

/** 64 KiB in chunks, each 64 bytes dearer than it is long. */
export const pipeQueue: QueuingStrategy<Uint8Array> = {
  highWaterMark: 64 * 1024,
  size: (chunk) => (chunk?.byteLength ?? 0) + chunkOverhead,
};
