/**
 * What the caller of a call sends to its callee: the param, then items, until END.
 *
 * Spec: docs/wire.md §2, §4.1 "Initial limits", §6.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import type { DataFrame, EndFrame, OpenFrame } from "../frame/frame.ts";
import type { CallPlan } from "./call-acceptor.ts";
import type { CallHost } from "./call-host.ts";
import { openParam } from "./incoming-param.ts";
import { Intake, type IntakeOwner } from "./intake.ts";
import type { WholeMessage } from "./reassembly.ts";

/** The call that is called. */
export interface CallerDataOwner extends IntakeOwner {
  /** The param is there. */
  paramArrived(param: unknown): void;
  /** The param does not fit: there is nothing to run a handler with. */
  paramRefused(error: SluiceError): void;
  /** An item does not fit. */
  itemRefused(error: SluiceError): void;
}

export class CallerData {
  /** `undefined` if the OPEN is all that comes. */
  readonly intake: Intake | undefined;
  /** No handler runs yet: its param is still to come. */
  isWaitingForParam = true;
  readonly #host: CallHost;
  readonly #owner: CallerDataOwner;
  readonly #plan: CallPlan;
  readonly #isHalfClosed: boolean;

  constructor(host: CallHost, owner: CallerDataOwner, { halfClosed, more }: OpenFrame, plan: CallPlan) {
    this.#host = host;
    this.#owner = owner;
    this.#plan = plan;
    this.#isHalfClosed = halfClosed;
    if (!halfClosed || more) this.intake = new Intake(host, owner, plan.send !== undefined && !halfClosed);
  }

  /** Takes what came with the OPEN. @throws {SluiceError} as {@link openParam} */
  begin(open: OpenFrame): void {
    const param = openParam(open, this.intake, this.#host);
    if (param !== undefined) this.#start(param);
  }

  /** Its sender has found the call again over another link, and asks from where on it shall send. */
  resumed(): void {
    this.intake?.arrivals.resumed();
    this.intake?.creditRaised();
  }

  /**
   * Takes a DATA. `isDropped`: nobody wants its content. @throws {SluiceError} for what ends the session: `PROTOCOL_ERROR`,
   * `FLOW_CONTROL_ERROR`, `FRAME_TOO_LARGE`
   */
  add(frame: DataFrame, isDropped: boolean): void {
    const { intake } = this;
    if (intake === undefined) throw saidAll("DATA", frame.call);
    const message = intake.arrivals.add(frame);
    if (isDropped) return;
    const { inbox } = intake;
    if (this.isWaitingForParam) {
      if (message !== undefined) this.#start(message);
    } else if (inbox?.isDropping === true) intake.skip();
    else if (message !== undefined) {
      if (this.#isHalfClosed) throw saidAll("DATA", frame.call);
      this.#deliver(message, intake);
    } else if (intake.arrivals.unfinishedEnd !== undefined) inbox?.expect(intake.arrivals.unfinishedEnd);
  }

  /** Takes an END. `mayBreakOff`: inside a message. @throws {SluiceError} `PROTOCOL_ERROR` */
  end({ offset, call }: EndFrame, mayBreakOff: boolean): void {
    const { intake } = this;
    if (intake === undefined || this.isWaitingForParam || this.#isHalfClosed) throw saidAll("END", call);
    intake.arrivals.complete(offset, mayBreakOff);
    intake.inbox?.end();
  }

  /** As {@link Intake.missingSince}. */
  get missingSince(): number | undefined {
    return this.intake?.missingSince;
  }

  /** The rest of a message has not come in time. */
  stalled(error: SluiceError): void {
    if (this.isWaitingForParam) {
      this.isWaitingForParam = false;
      this.#owner.paramRefused(error);
    } else this.#owner.itemRefused(error);
    this.intake?.arrivals.discard("all");
  }

  #start(message: WholeMessage): void {
    this.isWaitingForParam = false;
    const { intake } = this;
    if (intake !== undefined) {
      const raised = intake.window.take(intake.window.received);
      if (this.#isHalfClosed) intake.window.close();
      else if (raised) intake.creditRaised();
    }
    let param: unknown;
    try {
      param = this.#plan.param.decode(message, this.#host.utf8, message.owned === true);
    } catch (reason) {
      this.#owner.paramRefused(SluiceError.from(reason, "DECODE_ERROR"));
      return;
    }
    this.#owner.paramArrived(param);
  }

  #deliver(message: WholeMessage, { inbox, window }: Intake): void {
    const { send } = this.#plan;
    if (send === undefined || inbox === undefined) {
      // The two sides know different procedures of that name: a fault of this call, not of the wire.
      this.#owner.itemRefused(new SluiceError("INVALID_ARGUMENT", "The procedure takes no items"));
      return;
    }
    let value: unknown;
    try {
      value = send.decode(message, this.#host.utf8, message.owned === true);
    } catch (reason) {
      this.#owner.itemRefused(SluiceError.from(reason, "DECODE_ERROR"));
      return;
    }
    inbox.push(value, window.received);
  }
}

function saidAll(name: string, call: number): SluiceError {
  return malformed(`${name} for call ${call}, whose caller has said all`);
}
