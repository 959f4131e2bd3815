/**
 * The pieces of one direction's messages, put together; whole messages pass through untouched.
 *
 * Pure. At most one message is unfinished per direction; memory grows as its pieces arrive. Spec: docs/wire.md §3 "Messages and pieces".
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import { FrameType, type PayloadFields } from "../frame/frame.ts";
import { messageOverhead, minPiece } from "../limits.ts";

/** A piece, or a whole message: a DATA or RESULT, or the payload of an OPEN (which is always a first piece). */
export type Piece = PayloadFields & { readonly type: number; readonly head?: boolean };

/** A message whose last byte has arrived. One that came in one piece may be its frame. */
export interface WholeMessage {
  readonly payload: unknown;
  readonly start: number;
  readonly end: number;
  readonly raw: boolean;
  /** Nobody else refers to the payload. */
  readonly owned?: true;
}

interface Unfinished {
  /** Offset of the message's end. */
  readonly end: number;
  readonly total: number;
  readonly raw: boolean;
  readonly isResult: boolean;
  /** Its bytes are counted, not kept. */
  isDiscarded: boolean;
  bytes: Uint8Array;
  have: number;
  pieces: number;
}

/** Messages that nobody wants any more: judged as ever, but not kept. */
export type Unwanted = "none" | "items" | "all";

export interface ReassemblyLimits {
  readonly maxMessage: number;
  readonly maxFragments: number;
}

export class Reassembly {
  readonly #limits: ReassemblyLimits;
  readonly #isStructured: boolean;
  #unfinished: Unfinished | undefined;
  #unwanted: Unwanted = "none";

  constructor(limits: ReassemblyLimits, isStructured: boolean) {
    this.#limits = limits;
    this.#isStructured = isStructured;
  }

  /** The offset at which the unfinished message will end; `undefined` if there is none. */
  get unfinishedEnd(): number | undefined {
    return this.#unfinished?.end;
  }

  /** Whether the unfinished message is the result. */
  get isResult(): boolean {
    return this.#unfinished?.isResult === true;
  }

  /** Offset bytes that `piece` spans if it comes next. */
  span(piece: Piece): number {
    const isFirst = this.#unfinished === undefined || piece.head === true;
    const payloadBytes = this.#isStructured ? (piece.more ? 0 : piece.total) : piece.end - piece.start;
    return isFirst ? messageOverhead + payloadBytes : payloadBytes;
  }

  /**
   * Takes the next piece, which starts at `offset`. Returns the message if that completes it; the result is valid as long as
   * the piece's payload.
   * @throws {SluiceError} `PROTOCOL_ERROR`, `FRAME_TOO_LARGE`
   */
  add(piece: Piece, offset: number): WholeMessage | undefined {
    if (this.#unfinished === undefined) {
      if (piece.more) {
        this.#begin(piece, offset);
        return undefined;
      }
      checkMessage(piece.total, this.#limits.maxMessage);
      return piece;
    }
    return this.#continue(piece, this.#unfinished);
  }

  /** Forgets what is unfinished, because its sender broke off. Spec: docs/wire.md §4.4. */
  forget(): void {
    this.#unfinished = undefined;
  }

  /** From now on keeps no bytes of what is `unwanted`; a message of those comes out empty. */
  discard(unwanted: Unwanted): void {
    this.#unwanted = unwanted;
    const unfinished = this.#unfinished;
    if (unfinished === undefined || !this.#isUnwanted(unfinished.isResult)) return;
    unfinished.isDiscarded = true;
    unfinished.bytes = new Uint8Array(0);
  }

  #isUnwanted(isResult: boolean): boolean {
    return this.#unwanted === "all" || (this.#unwanted === "items" && !isResult);
  }

  #begin(piece: Piece, offset: number): void {
    const { total, raw } = piece;
    // An OPEN says its total by being one; a DATA or RESULT by the flag.
    if (piece.head === false) throw malformed("a message starts with a piece that says no total");
    checkMessage(total, this.#limits.maxMessage);
    const bytes = piece.end - piece.start;
    if (!this.#isStructured) {
      if (bytes >= total) throw malformed(`a first piece of ${bytes} bytes announces more of ${total}`);
      if (messageOverhead + bytes < minPiece) throw tooSmall(messageOverhead + bytes);
    }
    const isResult = piece.type === FrameType.RESULT;
    const isDiscarded = this.#isUnwanted(isResult);
    const keepsNothing = this.#isStructured || isDiscarded;
    this.#unfinished = {
      end: offset + messageOverhead + total,
      total,
      raw,
      isResult,
      isDiscarded,
      bytes: new Uint8Array(keepsNothing ? 0 : Math.min(total, Math.max(4096, 2 * bytes))),
      have: 0,
      pieces: 1,
    };
    if (!this.#isStructured) this.#append(piece, this.#unfinished);
  }

  #continue(piece: Piece, unfinished: Unfinished): WholeMessage | undefined {
    if (piece.head === true) throw malformed("a message starts before the one before it is complete");
    if (piece.raw !== unfinished.raw) throw malformed("the pieces of a message differ in raw");
    if ((piece.type === FrameType.RESULT) !== unfinished.isResult) {
      throw malformed("a message mixes pieces of DATA and RESULT");
    }
    if (++unfinished.pieces > this.#limits.maxFragments) {
      throw new SluiceError("FRAME_TOO_LARGE", `A message has more than ${this.#limits.maxFragments} pieces`);
    }
    if (this.#isStructured) {
      if (piece.more) throw malformed("a structured message comes in at most two pieces");
      if (piece.total !== unfinished.total) {
        throw malformed(`a message of ${piece.total} bytes was announced with ${unfinished.total}`);
      }
      this.#unfinished = undefined;
      return piece;
    }
    const bytes = piece.end - piece.start;
    const have = unfinished.have + bytes;
    if (piece.more ? have >= unfinished.total : have !== unfinished.total) {
      throw malformed(`the pieces of a message have ${have} bytes, ${unfinished.total} were announced`);
    }
    if (piece.more && bytes < minPiece) throw tooSmall(bytes);
    this.#append(piece, unfinished);
    if (piece.more) return undefined;
    this.#unfinished = undefined;
    const end = unfinished.isDiscarded ? 0 : unfinished.total;
    return { payload: unfinished.bytes, start: 0, end, raw: unfinished.raw, owned: true };
  }

  #append(piece: Piece, unfinished: Unfinished): void {
    const needed = unfinished.have + piece.end - piece.start;
    if (unfinished.isDiscarded) {
      unfinished.have = needed;
      return;
    }
    if (needed > unfinished.bytes.length) {
      const grown = new Uint8Array(Math.min(unfinished.total, 2 * needed));
      grown.set(unfinished.bytes.subarray(0, unfinished.have));
      unfinished.bytes = grown;
    }
    unfinished.bytes.set((piece.payload as Uint8Array).subarray(piece.start, piece.end), unfinished.have);
    unfinished.have = needed;
  }
}

/** Judges the length of a message. @throws {SluiceError} `FRAME_TOO_LARGE` */
export function checkMessage(total: number, most: number): void {
  if (total <= most) return;
  throw new SluiceError("FRAME_TOO_LARGE", `Cannot accept a message of ${total} bytes: at most ${most}`);
}

function tooSmall(bytes: number): SluiceError {
  return malformed(`a piece of ${bytes} offset bytes is below ${minPiece} and does not end its message`);
}
