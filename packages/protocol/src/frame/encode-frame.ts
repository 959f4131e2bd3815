/**
 * Frames as bytes: a writer that puts any number of frames into as few chunks as it can.
 *
 * Pure: no streams, no timers. Spec: docs/wire.md §3. Golden vectors: docs/wire-vectors.json.
 */
import {
  flagAbort,
  flagAnswer,
  flagCircuit,
  flagHead,
  flagMore,
  flagRaw,
  flagRest,
  frameHeadBytes,
  openEvent,
  openHalfClosed,
  openResume,
  openRouted,
  openStop,
} from "./check-frame.ts";
import type { DataFrame, ErrorFrame, Frame, OpenFrame, PayloadFields } from "./frame.ts";
import { FrameType } from "./frame.ts";
import { writeU16, writeU32, writeU48 } from "./integers.ts";
import type { Utf8 } from "./utf8.ts";

/** Bytes of a slab; what one turn of a busy link writes at most before it starts another. */
const slabBytes = 64 * 1024;
/** From here on a byte payload becomes a chunk of its own instead of being copied. */
export const ownChunkBytes = 4096;
/** Fewer bytes are copied faster by a loop than by a call into the engine. */
const loopBytes = 64;
/** More than any frame needs besides its payload and texts. */
const headRoom = 64;
/** Free slabs that are kept, so that idle links hold none. */
const maxFreeSlabs = 8;

interface Slab {
  readonly bytes: Uint8Array;
  used: number;
}

/** Slabs that have room left and belong to no writer. */
const freeSlabs = new WeakMap<Utf8, Slab[]>();

/**
 * Collects encoded frames until {@link take}. A writer holds a slab only between its first frame and `take()`; regions that
 * were taken are never written again.
 */
export class FrameWriter {
  readonly #utf8: Utf8;
  readonly #free: Slab[];
  #slab: Slab | undefined;
  #from = 0;
  #at = 0;
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;

  constructor(utf8: Utf8) {
    this.#utf8 = utf8;
    let free = freeSlabs.get(utf8);
    if (free === undefined) {
      free = [];
      freeSlabs.set(utf8, free);
    }
    this.#free = free;
  }

  /** Bytes written since the last `take()`. */
  get bytes(): number {
    return this.#chunkBytes + this.#at - this.#from;
  }

  /** The encoded frames as chunks, in order; they belong to the caller. */
  take(): Uint8Array[] {
    this.#cut();
    const slab = this.#slab;
    if (slab !== undefined) {
      slab.used = this.#at;
      this.#slab = undefined;
      if (slab.bytes.length - slab.used >= 1024 && this.#free.length < maxFreeSlabs) this.#free.push(slab);
      this.#from = this.#at = 0;
    }
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    return chunks;
  }

  /** Encodes `frame` and returns how many payload bytes it has. */
  write(frame: Frame): number {
    switch (frame.type) {
      case FrameType.DATA:
      case FrameType.RESULT:
        return this.#data(frame);
      case FrameType.OPEN:
        return this.#open(frame);
      case FrameType.CREDIT: {
        const { bytes, at } = this.#head(FrameType.CREDIT, frame.call, 12);
        writeU48(bytes, at, frame.received);
        writeU48(bytes, at + 6, frame.limit);
        return this.#finish(at + 12);
      }
      case FrameType.END: {
        const { bytes, at } = this.#head(FrameType.END, frame.call, 6);
        writeU48(bytes, at, frame.offset);
        return this.#finish(at + 6);
      }
      case FrameType.ERROR:
        return this.#error(frame);
      case FrameType.CANCEL:
        return this.#text(FrameType.CANCEL | (frame.abort ? flagAbort : 0), frame.call, frame.reason);
      case FrameType.DONE: {
        const head = FrameType.DONE | (frame.rest ? flagRest : 0);
        const place = this.#head(head, 0, 4 * frame.calls.length);
        let at = place.at;
        for (const call of frame.calls) {
          writeU32(place.bytes, at, call);
          at += 4;
        }
        return this.#finish(at);
      }
      case FrameType.PING: {
        const { bytes, at } = this.#head(FrameType.PING | (frame.answer ? flagAnswer : 0), 0, 4);
        writeU32(bytes, at, frame.nonce);
        return this.#finish(at + 4);
      }
      case FrameType.HELLO:
        return this.#json(FrameType.HELLO, 0, frame.hello);
      case FrameType.WELCOME:
        return this.#json(FrameType.WELCOME, 0, frame.welcome);
      case FrameType.ACCEPT:
        return this.#json(FrameType.ACCEPT, frame.call, frame.body);
      case FrameType.DRAIN:
        return this.#json(FrameType.DRAIN, 0, { grace: frame.grace, retry: frame.retry });
      case FrameType.CLOSE: {
        const { code, reason, versions } = frame;
        return this.#json(FrameType.CLOSE, 0, { code, reason, versions });
      }
    }
  }

  #data(frame: DataFrame): number {
    const { raw, more, head } = frame;
    const says = head && more;
    const flags = (more ? flagMore : 0) | (raw ? flagRaw : 0) | (says ? flagHead : 0);
    const body = says ? 10 : 6;
    const { bytes, at } = this.#head(frame.type | flags, frame.call, body + roomOf(frame));
    writeU48(bytes, at, frame.offset);
    if (says) writeU32(bytes, at + 6, frame.total);
    return this.#payload(frame, bytes, at + body);
  }

  #open(frame: OpenFrame): number {
    const { procedure, metadata, key, resume } = frame;
    const texts = 3 * (procedure.length + metadata.length);
    const head = FrameType.OPEN | (frame.more ? flagMore : 0) | (frame.raw ? flagRaw : 0);
    const place = this.#head(head, frame.call, headRoom + texts + roomOf(frame));
    const bytes = place.bytes;
    let at = place.at;
    bytes[at] =
      (frame.halfClosed ? openHalfClosed : 0) |
      (frame.event ? openEvent : 0) |
      (frame.stop ? openStop : 0) |
      (resume === undefined ? 0 : openResume) |
      (frame.routed ? openRouted : 0);
    writeU32(bytes, at + 1, key.originHigh);
    writeU32(bytes, at + 5, key.originLow);
    writeU32(bytes, at + 9, key.number);
    writeU32(bytes, at + 13, frame.timeoutMs);
    writeU32(bytes, at + 17, frame.window);
    writeU32(bytes, at + 21, frame.maxWindow);
    const name = this.#utf8.write(procedure, bytes, at + 26);
    bytes[at + 25] = name;
    at += 26 + name;
    const metadataBytes = metadata === "" ? 0 : this.#utf8.write(metadata, bytes, at + 2);
    writeU16(bytes, at, metadataBytes);
    at += 2 + metadataBytes;
    if (resume !== undefined) {
      writeU48(bytes, at, resume.received);
      writeU48(bytes, at + 6, resume.limit);
      at += 12;
    }
    if (frame.more) {
      writeU32(bytes, at, frame.total);
      at += 4;
    }
    return this.#payload(frame, bytes, at);
  }

  #error(frame: ErrorFrame): number {
    const json = JSON.stringify(frame.body);
    const head = FrameType.ERROR | (frame.raw ? flagRaw : 0) | (frame.circuit ? flagCircuit : 0);
    const { bytes, at } = this.#head(head, frame.call, 8 + 3 * json.length + roomOf(frame));
    writeU48(bytes, at, frame.offset);
    const written = this.#utf8.write(json, bytes, at + 8);
    writeU16(bytes, at + 6, written);
    return this.#payload(frame, bytes, at + 8 + written);
  }

  #json(head: number, call: number, body: unknown): number {
    this.#text(head, call, JSON.stringify(body));
    return 0;
  }

  #text(head: number, call: number, text: string): number {
    const { bytes, at } = this.#head(head, call, 3 * text.length);
    this.#finish(at + this.#utf8.write(text, bytes, at));
    return 0;
  }

  /** Appends the payload and closes the frame. */
  #payload(frame: Pick<PayloadFields, "payload" | "start" | "end">, bytes: Uint8Array, at: number): number {
    const { payload } = frame;
    if (typeof payload === "string") {
      const written = this.#utf8.write(payload, bytes, at);
      this.#finish(at + written);
      return written;
    }
    const length = frame.end - frame.start;
    if (length === 0) {
      this.#finish(at);
      return 0;
    }
    const whole = payload as Uint8Array;
    // Else memory that nobody has written would go out in its place.
    if (frame.start < 0 || frame.end > whole.length)
      throw new RangeError("A piece reaches out of its message");
    if (length >= ownChunkBytes) {
      this.#finish(at, length);
      this.#cut();
      this.#chunks.push(whole.subarray(frame.start, frame.end));
      this.#chunkBytes += length;
      return length;
    }
    if (length > loopBytes) bytes.set(whole.subarray(frame.start, frame.end), at);
    else
      for (let from = frame.start, to = at; from < frame.end; from++, to++) bytes[to] = whole[from] as number;
    this.#finish(at + length);
    return length;
  }

  #frameAt = 0;
  readonly #place: { bytes: Uint8Array; at: number } = { bytes: new Uint8Array(0), at: 0 };

  /** Makes room for a frame and writes its first nine bytes but the length. Returns where its body starts. */
  #head(head: number, call: number, body: number): { bytes: Uint8Array; at: number } {
    const place = this.#place;
    this.#reserve(frameHeadBytes + body);
    const bytes = (this.#slab as Slab).bytes;
    this.#frameAt = this.#at;
    bytes[this.#at + 4] = head;
    writeU32(bytes, this.#at + 5, call);
    place.bytes = bytes;
    place.at = this.#at + frameHeadBytes;
    return place;
  }

  #finish(end: number, follows = 0): 0 {
    const bytes = (this.#slab as Slab).bytes;
    writeU32(bytes, this.#frameAt, end - this.#frameAt - 4 + follows);
    this.#at = end;
    return 0;
  }

  #reserve(size: number): void {
    const slab = this.#slab;
    if (slab !== undefined && slab.bytes.length - this.#at >= size) return;
    this.#cut();
    let next = this.#free.pop();
    while (next !== undefined && next.bytes.length - next.used < size) next = this.#free.pop();
    next ??= { bytes: this.#utf8.allocate(Math.max(size, slabBytes)), used: 0 };
    this.#slab = next;
    this.#from = this.#at = next.used;
  }

  /** Ends the chunk that grows in the slab. */
  #cut(): void {
    const slab = this.#slab;
    if (slab === undefined || this.#at === this.#from) return;
    this.#chunks.push(slab.bytes.subarray(this.#from, this.#at));
    this.#chunkBytes += this.#at - this.#from;
    this.#from = this.#at;
  }
}

/** Bytes that a frame's payload may take in the slab: three per code unit of a text, none if it becomes its own chunk. */
function roomOf({ payload, start, end }: Pick<PayloadFields, "payload" | "start" | "end">): number {
  if (typeof payload === "string") return 3 * payload.length;
  return end - start >= ownChunkBytes ? 0 : end - start;
}
