/**
 * Bytes as frames: a decoder that takes chunks cut anywhere and hands over whole frames.
 *
 * Pure: no streams, no timers. It keeps at most one unfinished frame, in memory that grows as the bytes arrive, so an
 * announced length costs nothing. Spec: docs/wire.md §3.
 */
import { checkHead, checkLength, frameHeadBytes, isExtension } from "./check-frame.ts";
import type { Frame } from "./frame.ts";
import { handOverWhole } from "./frame-memory.ts";
import { readU32 } from "./integers.ts";
import { parseFrame } from "./parse-frame.ts";
import type { Utf8 } from "./utf8.ts";

/** What becomes of a frame. It may throw: the decoder is then done for, as after any malformed frame. */
export type FrameSink = (frame: Frame) => void;

export class FrameDecoder {
  readonly #utf8: Utf8;
  /** The unfinished frame: its first `#have` bytes, and its full size once that is known. */
  #rest: Uint8Array | undefined;
  #have = 0;
  #size = 0;
  /** Frames that were left unfinished by a chunk. */
  #left = 0;

  constructor(utf8: Utf8) {
    this.#utf8 = utf8;
  }

  /** Whether the bytes so far end inside a frame. */
  get isInsideFrame(): boolean {
    return this.#rest !== undefined;
  }

  /** Another number with each frame that is unfinished, and with each KiB that has come of it; 0 while there is none. */
  get unfinished(): number {
    return this.#rest === undefined ? 0 : this.#left * 128 + Math.ceil(this.#have / 1024);
  }

  /**
   * Decodes what `chunk` completes. Payloads in the frames are parts of `chunk` (or of memory of their own): a sink that keeps
   * one copies it.
   * @throws {SluiceError} `PROTOCOL_ERROR`, `FRAME_TOO_LARGE`, `DECODE_ERROR`
   */
  push(chunk: Uint8Array, sink: FrameSink): void {
    let at = this.#rest === undefined ? 0 : this.#complete(chunk, sink);
    const length = chunk.length;
    while (length - at >= 4) {
      const frameLength = readU32(chunk, at);
      checkLength(frameLength);
      if (length - at < frameHeadBytes) break;
      const head = chunk[at + 4] as number;
      checkHead(frameLength, head, readU32(chunk, at + 5));
      const end = at + 4 + frameLength;
      if (end > length) break;
      if (!isExtension(head & 0x1f)) sink(parseFrame(chunk, at, end, this.#utf8));
      at = end;
    }
    if (at < length) this.#keep(chunk, at);
  }

  /** Adds bytes to the unfinished frame; returns how many of `chunk` it took. */
  #complete(chunk: Uint8Array, sink: FrameSink): number {
    let taken = 0;
    if (this.#have < frameHeadBytes) {
      taken = this.#append(chunk, 0, frameHeadBytes);
      if (this.#have >= 4) checkLength(readU32(this.#rest as Uint8Array, 0));
      if (this.#have < frameHeadBytes) return taken;
      this.#judgeHead();
    }
    taken += this.#append(chunk, taken, this.#size);
    if (this.#have < this.#size) return taken;
    const bytes = this.#rest as Uint8Array;
    this.#rest = undefined;
    if (!isExtension((bytes[4] as number) & 0x1f))
      handOverWhole(parseFrame(bytes, 0, this.#size, this.#utf8), bytes, sink);
    return taken;
  }

  #keep(chunk: Uint8Array, from: number): void {
    const have = chunk.length - from;
    this.#left++;
    this.#have = 0;
    this.#size = frameHeadBytes;
    if (have >= frameHeadBytes) this.#size = 4 + readU32(chunk, from);
    this.#rest = this.#utf8.allocate(Math.min(this.#size, Math.max(64, 4 * have)));
    this.#append(chunk, from, this.#size);
  }

  #judgeHead(): void {
    const bytes = this.#rest as Uint8Array;
    const length = readU32(bytes, 0);
    checkHead(length, bytes[4] as number, readU32(bytes, 5));
    this.#size = 4 + length;
  }

  /** Copies from `chunk` until the unfinished frame has `until` bytes. Memory grows fourfold, never beyond the frame. */
  #append(chunk: Uint8Array, from: number, until: number): number {
    const count = Math.min(until - this.#have, chunk.length - from);
    if (count <= 0) return 0;
    let rest = this.#rest as Uint8Array;
    const needed = this.#have + count;
    if (needed > rest.length) {
      const grown = this.#utf8.allocate(Math.min(Math.max(this.#size, needed), 4 * needed));
      grown.set(rest.subarray(0, this.#have));
      this.#rest = rest = grown;
    }
    rest.set(chunk.subarray(from, from + count), this.#have);
    this.#have = needed;
    return count;
  }
}
