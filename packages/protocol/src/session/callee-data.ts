/**
 * What the callee of a call sends to its caller: items, until END, and the result.
 *
 * Spec: docs/wire.md §2, §4.1 "Result", §4.4, §6.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { type DataFrame, FrameType } from "../frame/frame.ts";
import type { CallHost } from "./call-host.ts";
import { Intake, type IntakeOwner } from "./intake.ts";
import type { OpenRequest } from "./open-frame.ts";
import type { WholeMessage } from "./reassembly.ts";

/** The call that has called. */
export interface CalleeDataOwner extends IntakeOwner {
  /** Whether the callee was told to send no more items: the one that it is at may stay unfinished. */
  readonly wasStopped: boolean;
  resultArrived(result: unknown): void;
  /** The result does not fit. */
  resultRefused(error: SluiceError): void;
  /** An item does not fit, or none was expected. */
  itemRefused(error: SluiceError): void;
}

export class CalleeData {
  readonly intake: Intake;
  readonly #host: CallHost;
  readonly #owner: CalleeDataOwner;
  readonly #request: OpenRequest;

  constructor(host: CallHost, owner: CalleeDataOwner, request: OpenRequest) {
    this.#host = host;
    this.#owner = owner;
    this.#request = request;
    this.intake = new Intake(host, owner, request.receive !== undefined);
  }

  /**
   * Judges a DATA or RESULT. Returns the message that it completes. `mayBreakOff`: a result may come in the middle of an item.
   * @throws {SluiceError} for what ends the session: `PROTOCOL_ERROR`, `FLOW_CONTROL_ERROR`, `FRAME_TOO_LARGE`
   */
  judge(frame: DataFrame, mayBreakOff: boolean): WholeMessage | undefined {
    const { arrivals } = this.intake;
    if (mayBreakOff && frame.type === FrameType.RESULT && !arrivals.isResultUnfinished) {
      arrivals.endAt(frame.offset, true);
    }
    return arrivals.add(frame);
  }

  /** As {@link Intake.missingSince}. */
  get missingSince(): number | undefined {
    const { arrivals, missingSince } = this.intake;
    return this.#owner.wasStopped && !arrivals.isResultUnfinished ? undefined : missingSince;
  }

  /** The rest of a message has not come in time. */
  stalled(error: SluiceError): void {
    this.#owner.itemRefused(error);
  }

  /** Takes what came with a frame of `type`: the message that it completed, or a piece of one. */
  take(type: DataFrame["type"], message: WholeMessage | undefined): void {
    if (type === FrameType.DATA && this.intake.inbox?.isDropping === true) this.intake.skip();
    else if (message === undefined) this.#expectMore();
    else if (type === FrameType.RESULT) this.#finish(message);
    else this.#deliver(message);
  }

  #expectMore(): void {
    const { arrivals, inbox } = this.intake;
    const { unfinishedEnd } = arrivals;
    if (unfinishedEnd === undefined) return;
    if (arrivals.isResultUnfinished) this.intake.reserveRest(unfinishedEnd);
    else if (inbox === undefined) this.#refuseItems();
    else inbox.expect(unfinishedEnd);
  }

  #deliver(message: WholeMessage): void {
    const { receive } = this.#request;
    const { inbox, window } = this.intake;
    if (receive === undefined || inbox === undefined) {
      this.#refuseItems();
      return;
    }
    let value: unknown;
    try {
      value = receive.decode(message, this.#host.utf8, message.owned === true);
    } catch (reason) {
      this.#owner.itemRefused(SluiceError.from(reason, "DECODE_ERROR"));
      return;
    }
    inbox.push(value, window.received);
  }

  /** The two sides know different procedures of that name: a fault of this call, not of the wire. */
  #refuseItems(): void {
    const message = `${this.#request.procedure} gives items, and was called as if it gave none`;
    this.#owner.itemRefused(new SluiceError("INVALID_ARGUMENT", message));
  }

  #finish(message: WholeMessage): void {
    let result: unknown;
    try {
      result = this.#request.result.decode(message, this.#host.utf8, message.owned === true);
    } catch (reason) {
      this.#owner.resultRefused(SluiceError.from(reason, "DECODE_ERROR"));
      return;
    }
    this.#owner.resultArrived(result);
  }
}
