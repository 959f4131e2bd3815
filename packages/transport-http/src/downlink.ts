/**
 * What comes from the server, as server-sent events: each event is a numbered batch of frames, a line of data for every frame.
 *
 * Pure: a writer for the server, a reader for the client, both on the bytes of binary frames. Spec: docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";
import { encodeTextFrame, maxTextFrame, type Utf8 } from "@sluice/protocol/wire";
import { EventFrames } from "./event-frames.ts";
import { EventText } from "./event-text.ts";
import { SseLines } from "./sse.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const [space, colon] = [0x20, 0x3a];
const field = encoder.encode("data:");
/** Where every event is put together, one after the other. */
const event = new EventText();

/** A comment, which means nothing and shows that the line is alive. */
export const keepAliveComment: Uint8Array = encoder.encode(":\n\n");

/** A comment of `bytes`, at least 4. */
export function paddingComment(bytes: number): Uint8Array {
  return encoder.encode(`:${" ".repeat(Math.max(1, bytes - 3))}\n\n`);
}

export class DownlinkWriter {
  readonly #utf8: Utf8;
  /** Events that were written. */
  number = 0;

  constructor(utf8: Utf8) {
    this.#utf8 = utf8;
  }

  /** The next event, with the frames that `chunks` hold; no frame is there in part. */
  write(chunks: readonly Uint8Array[]): Uint8Array {
    const bytes = joinChunks(chunks);
    const lengths = new DataView(bytes.buffer, bytes.byteOffset);
    event.clear();
    event.ascii(`data: ${++this.number}\n`);
    for (let at = 0; at < bytes.length; ) {
      const end = at + 4 + lengths.getUint32(at);
      if (!event.plainData(bytes, at, end, lengths)) {
        event.text(`data: ${encodeTextFrame(bytes, at, end, this.#utf8)}\n`);
      }
      at = end;
    }
    event.ascii("\n");
    return event.take();
  }
}

export class DownlinkReader {
  readonly #frames: EventFrames;
  readonly #lines: SseLines = new SseLines(maxTextFrame + field.length + 1);
  /** The number of the event that came last. */
  number = 0;
  #isInside = false;

  constructor(utf8: Utf8) {
    this.#frames = new EventFrames(utf8);
  }

  /**
   * Hands over the bytes of the frames that `chunk` completes, all at once, in memory of their own; also of those before one that is wrong.
   * @throws {SluiceError} `UNAVAILABLE` for an event that is not the next, `PROTOCOL_ERROR`, `FRAME_TOO_LARGE`, `DECODE_ERROR`
   */
  push(chunk: Uint8Array, sink: (frames: Uint8Array) => void): void {
    this.#frames.expect(chunk.length);
    try {
      this.#lines.push(chunk, this.#line);
    } finally {
      const frames = this.#frames.take();
      if (frames !== undefined) sink(frames);
    }
  }

  readonly #line = (bytes: Uint8Array, from: number, end: number): void => {
    if (from === end) this.#isInside = false;
    else if (isData(bytes, from, end)) {
      const at = from + field.length;
      this.#data(bytes, bytes[at] === space && at < end ? at + 1 : at, end);
    }
  };

  #data(bytes: Uint8Array, from: number, end: number): void {
    if (this.#isInside) {
      this.#frames.add(bytes, from, end);
      return;
    }
    this.#isInside = true;
    // No number is longer, and what is no number need not be read.
    const text = decoder.decode(bytes.subarray(from, Math.min(end, from + 17)));
    if (!/^[1-9]\d{0,15}$/.test(text)) {
      throw new SluiceError("PROTOCOL_ERROR", "Malformed event: it does not begin with its number");
    }
    if (Number(text) !== this.number + 1) {
      throw new SluiceError(
        "UNAVAILABLE",
        `The event stream does not bring every event once and in order: ${text} came where ${this.number + 1} is next`,
      );
    }
    this.number++;
  }
}

/** Whether a line is one of data; comments and other fields mean nothing here. */
function isData(bytes: Uint8Array, from: number, end: number): boolean {
  if (bytes[from] === colon || end - from < field.length) return false;
  for (let at = 0; at < field.length; at++) if (bytes[from + at] !== field[at]) return false;
  return true;
}

/** `chunks` as one, in memory of its own unless there is only one. */
export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const joined = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
