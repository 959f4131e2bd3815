/**
 * Bytes into lines of text: cuts at newlines, keeps what is unfinished, and never more of a line than a bound.
 *
 * Pure. A newline byte is never part of another character in UTF-8, so lines are split as bytes and decoded whole.
 */
const newline = 0x0a;

/** Ends a line that was longer than the bound; its rest was dropped. */
export const cutMark = " …[cut]";

export class LineSplitter {
  /** The start of the line that has no newline yet. */
  readonly #held: Uint8Array;
  #length = 0;
  #isCut = false;

  /** @param maxLineBytes What is kept of a line, without {@link cutMark}. */
  constructor(maxLineBytes: number = 64 * 1024) {
    this.#held = new Uint8Array(maxLineBytes);
  }

  /** The lines that `chunk` ends. Take all of them before `chunk` is used again. */
  *push(chunk: Uint8Array): Generator<string, void, void> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#hold(chunk.subarray(start, end));
      yield this.#take();
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
  }

  /** The unfinished line, if there is one: no newline will come. */
  *finish(): Generator<string, void, void> {
    if (this.#length > 0) yield this.#take();
  }

  #hold(piece: Uint8Array): void {
    const room = this.#held.length - this.#length;
    this.#held.set(piece.subarray(0, room), this.#length);
    this.#length += Math.min(room, piece.length);
    this.#isCut ||= piece.length > room;
  }

  #take(): string {
    const isCut = this.#isCut;
    // As of a stream that goes on, the decoder keeps to itself a character that the cut went through.
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#held.subarray(0, this.#length), {
      stream: isCut,
    });
    this.#length = 0;
    this.#isCut = false;
    return isCut ? text + cutMark : text;
  }
}
