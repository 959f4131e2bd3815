/**
 * What arrives in one direction of a call: offsets judged, pieces put together, whole messages out.
 *
 * Spec: docs/wire.md §2, §3 "Messages and pieces", §4.1 "Result".
 */
import { malformed } from "../frame/check-frame.ts";
import { type DataFrame, FrameType } from "../frame/frame.ts";
import { messageOverhead } from "../limits.ts";
import type { CallHost } from "./call-host.ts";
import type { ReceiveWindow } from "./credit-window.ts";
import { checkMessage, type Piece, Reassembly, type Unwanted, type WholeMessage } from "./reassembly.ts";

export class Arrivals {
  readonly window: ReceiveWindow;
  /** When the last piece of a message came. */
  pieceAt = 0;
  readonly #host: CallHost;
  #reassembly: Reassembly | undefined;
  /** Where the message starts of which pieces are here. */
  #unfinishedStart = 0;
  /** END has come. */
  #isComplete = false;
  /** END may come once more: its sender cannot know that it has arrived. */
  #mayEndAgain = false;
  #unwanted: Unwanted = "none";

  constructor(window: ReceiveWindow, host: CallHost) {
    this.window = window;
    this.#host = host;
  }

  /** Where the unfinished message ends, if there is one. */
  get unfinishedEnd(): number | undefined {
    return this.#reassembly?.unfinishedEnd;
  }

  get isResultUnfinished(): boolean {
    return this.#reassembly?.isResult === true;
  }

  /**
   * Takes a piece. Returns the message that it completes.
   * @throws {SluiceError} `PROTOCOL_ERROR`, `FLOW_CONTROL_ERROR`, `FRAME_TOO_LARGE`
   */
  add(frame: DataFrame): WholeMessage | undefined {
    const { window } = this;
    if (this.#isComplete && frame.type === FrameType.DATA) throw malformed("DATA after END");
    if (this.#reassembly === undefined && !frame.more) {
      const length = this.#host.isStructured ? frame.total : frame.end - frame.start;
      const end = frame.offset + messageOverhead + length;
      const isNew = window.arrive(
        frame.offset,
        end,
        frame.type === FrameType.RESULT ? this.#allowance(frame.offset) : 0,
      );
      checkMessage(length, this.#host.limits.maxMessage);
      return isNew ? frame : undefined;
    }
    const reassembly = this.#reassembly ?? this.#startReassembly();
    const { unfinishedEnd } = reassembly;
    const start = unfinishedEnd === undefined ? frame.offset : this.#unfinishedStart;
    if (unfinishedEnd === undefined) this.#unfinishedStart = start;
    const end = frame.offset + reassembly.span(frame);
    if (!window.arrive(frame.offset, end, frame.type === FrameType.RESULT ? this.#allowance(start) : 0))
      return undefined;
    this.pieceAt = this.#host.clock.now();
    return reassembly.add(frame, frame.offset);
  }

  /** Takes the first piece of a param that came in an OPEN. */
  addParam(piece: Piece): void {
    const reassembly = this.#startReassembly();
    this.pieceAt = this.#host.clock.now();
    this.window.arrive(0, reassembly.span(piece));
    reassembly.add(piece, 0);
  }

  /** The sender goes on over another link, from what has arrived. */
  resumed(): void {
    this.#mayEndAgain = true;
  }

  /** From now on keeps nothing of what is `unwanted`; messages of those come out empty. */
  discard(unwanted: Unwanted): void {
    this.#unwanted = unwanted;
    this.#reassembly?.discard(unwanted);
  }

  /**
   * An END: no more items come. `mayBreakOff` as for {@link endAt}.
   * @throws {SluiceError} `PROTOCOL_ERROR`
   */
  complete(offset: number, mayBreakOff: boolean): void {
    if (this.#isComplete && !this.#mayEndAgain) throw malformed("a second END");
    this.#mayEndAgain = false;
    this.endAt(offset, mayBreakOff);
    this.#isComplete = true;
  }

  /**
   * Judges the offset of an END, RESULT or ERROR. `mayBreakOff`: a message that is unfinished is given up.
   * @throws {SluiceError} `PROTOCOL_ERROR`
   */
  endAt(offset: number, mayBreakOff: boolean): void {
    if (offset !== this.window.received) {
      throw malformed(`a direction ends at ${offset}, ${this.window.received} bytes have arrived`);
    }
    if (this.unfinishedEnd === undefined) return;
    if (!mayBreakOff) throw malformed("a direction ends inside a message");
    this.#reassembly?.forget();
  }

  #startReassembly(): Reassembly {
    const reassembly = new Reassembly(this.#host.limits, this.#host.isStructured);
    reassembly.discard(this.#unwanted);
    this.#reassembly = reassembly;
    return reassembly;
  }

  /** How far beyond the limit a piece of a result may go. */
  #allowance(messageStart: number): number {
    return Math.max(0, messageStart + this.#host.budget.floor - this.window.limit);
  }
}
