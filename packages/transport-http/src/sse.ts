/**
 * The lines of a stream of server-sent events: bytes cut anywhere in, whole lines out, each at most so long.
 *
 * Pure. Format: https://html.spec.whatwg.org/multipage/server-sent-events.html. Spec: docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";

/** Takes the line in `bytes` from `from` to `end`, without its end of line; nothing of it may be kept. */
export type LineSink = (bytes: Uint8Array, from: number, end: number) => void;

const [lineFeed, carriageReturn] = [0x0a, 0x0d];
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;
const nothing = new Uint8Array(0);

export class SseLines {
  readonly #maxBytes: number;
  /** The unfinished line: its first `#have` bytes. */
  #rest: Uint8Array = nothing;
  #have = 0;
  /** A line feed that comes now belongs to the carriage return before it. */
  #skipsFeed = false;
  #isFirst = true;

  /** @param maxBytes of one line */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Hands over the lines that `chunk` completes.
   * @throws {SluiceError} `FRAME_TOO_LARGE`, and what `sink` throws
   */
  push(chunk: Uint8Array, sink: LineSink): void {
    let at = 0;
    if (this.#skipsFeed && chunk.length > 0) {
      this.#skipsFeed = false;
      if (chunk[0] === lineFeed) at = 1;
    }
    let feed = chunk.indexOf(lineFeed, at);
    let back = chunk.indexOf(carriageReturn, at);
    while (feed >= 0 || back >= 0) {
      const isBack = back >= 0 && (feed < 0 || back < feed);
      const end = isBack ? back : feed;
      this.#line(chunk, at, end, sink);
      at = end + 1;
      if (isBack && at === chunk.length) this.#skipsFeed = true;
      else if (isBack && chunk[at] === lineFeed) at++;
      if (isBack) back = chunk.indexOf(carriageReturn, at);
      if (feed >= 0 && feed < at) feed = chunk.indexOf(lineFeed, at);
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  #line(chunk: Uint8Array, from: number, end: number, sink: LineSink): void {
    if (this.#have > 0) {
      this.#keep(chunk, from, end);
      const [line, length] = [this.#rest, this.#have];
      this.#rest = nothing;
      this.#have = 0;
      this.#hand(line, 0, length, sink);
    } else {
      this.#checkLength(end - from);
      this.#hand(chunk, from, end, sink);
    }
  }

  #hand(bytes: Uint8Array, from: number, end: number, sink: LineSink): void {
    const hasMark = this.#isFirst && byteOrderMark.every((byte, at) => bytes[from + at] === byte);
    this.#isFirst = false;
    sink(bytes, hasMark ? Math.min(from + 3, end) : from, end);
  }

  /** Adds to the unfinished line. Memory grows with what has come, fourfold at most. */
  #keep(chunk: Uint8Array, from: number, end: number): void {
    const needed = this.#have + end - from;
    this.#checkLength(needed);
    if (needed > this.#rest.length) {
      const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(256, 4 * needed)));
      grown.set(this.#rest.subarray(0, this.#have));
      this.#rest = grown;
    }
    this.#rest.set(chunk.subarray(from, end), this.#have);
    this.#have = needed;
  }

  #checkLength(bytes: number): void {
    if (bytes <= this.#maxBytes) return;
    throw new SluiceError(
      "FRAME_TOO_LARGE",
      `Cannot accept a line of ${bytes} bytes or more: at most ${this.#maxBytes}`,
    );
  }
}
