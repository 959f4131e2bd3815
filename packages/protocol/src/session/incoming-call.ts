/**
 * A call that the peer opened: its states, its frames, its two directions, and the slot that its handler holds.
 *
 * Spec: docs/wire.md §8 (callee), §4.3, §4.4. What handlers see (call/) is built on it.
 */
import type { Timer } from "../clock.ts";
import type { Message, Slot } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import {
  type CancelFrame,
  type CreditFrame,
  type DataFrame,
  type EndFrame,
  type ErrorFrame,
  FrameType,
  type OpenFrame,
} from "../frame/frame.ts";
import { maxFramePayload, maxGrantAhead, messageOverhead } from "../limits.ts";
import type { Link } from "../link/link.ts";
import { Arrivals } from "./arrivals.ts";
import type { CallHost, SessionCall } from "./call-host.ts";
import { type CalleeEvent, type CalleeState, calleeMoves } from "./call-states.ts";
import { ReceiveWindow } from "./credit-window.ts";
import { Inbox, type InboxHost } from "./inbox.ts";
import { checkLength, Outbox } from "./outbox.ts";
import { writeAfterEnd } from "./outgoing-call.ts";
import { checkMessage, type WholeMessage } from "./reassembly.ts";

/** Why a handler's signal aborts. */
export type AbortReason = "stop" | "cancelled" | "deadline" | "disconnected" | "shutdown";

/** What serves a call, found when its OPEN has been read. */
export interface CallPlan {
  readonly param: Slot;
  /** Items come from the caller. */
  readonly send: Slot | undefined;
  /** Runs the handler: once, when the param is there. It ends in {@link IncomingCall.settled}. */
  start(call: IncomingCall, param: unknown): void;
}

/** Decides about calls that arrive. */
export interface CallAcceptor {
  /**
   * Finds what serves the call.
   * @throws {SluiceError} to refuse it before any handler; sent with `processed: "no"`
   */
  accept(open: OpenFrame): CallPlan;
}

/** Told when the handler shall finish or has lost its caller. */
export type AbortListener = (reason: AbortReason) => void;

type ErrorParts = Omit<ErrorFrame, "call" | "offset">;

export class IncomingCall implements SessionCall, InboxHost {
  turnCredit = 0;
  readonly id: number;
  readonly open: OpenFrame;
  /** Items from the caller; `undefined` if none come. */
  readonly inbox: Inbox | undefined;
  readonly outbox: Outbox;
  readonly #host: CallHost;
  readonly #plan: CallPlan;
  readonly #arrivals: Arrivals | undefined;
  readonly #deadlineAt: number;
  #state: CalleeState = "running";
  #abortReason: AbortReason | undefined;
  #onAbort: AbortListener | undefined;
  #deadline: Timer | undefined;
  /** No handler runs yet that could settle. */
  #isWaitingForParam = true;
  readonly #onSettled: () => void;

  /**
   * Answers nothing yet; `begin()` does.
   * @param onSettled called once, when the slot of its handler is free
   */
  constructor(host: CallHost, open: OpenFrame, plan: CallPlan, onSettled: () => void) {
    this.#host = host;
    this.id = open.call;
    this.open = open;
    this.#plan = plan;
    this.#onSettled = onSettled;
    this.outbox = new Outbox(open.window, host.sending);
    if (!open.halfClosed || open.more) {
      const window = new ReceiveWindow(host.budget, host.limits, host.clock);
      this.#arrivals = new Arrivals(window, host);
      if (plan.send !== undefined && !open.halfClosed) this.inbox = new Inbox(window, this);
    }
    const timeoutMs = Math.min(open.timeoutMs, host.limits.maxDeadline);
    this.#deadlineAt = timeoutMs === 0 ? 0 : host.clock.now() + timeoutMs;
    if (timeoutMs > 0) this.#deadline = host.clock.setTimer(timeoutMs, () => this.#expire());
  }

  get state(): CalleeState {
    return this.#state;
  }

  /** Milliseconds to the deadline, at least 0; `undefined` if there is none. */
  get remainingMs(): number | undefined {
    return this.#deadlineAt === 0 ? undefined : Math.max(0, this.#deadlineAt - this.#host.clock.now());
  }

  /** Set once the handler shall finish or has lost its caller. */
  get abortReason(): AbortReason | undefined {
    return this.#abortReason;
  }

  /** Whether the handler's items go somewhere. */
  get isWanted(): boolean {
    return this.#state === "running";
  }

  /** Sets who is told of the abort; at once, if it has happened. */
  onAbort(listener: AbortListener): void {
    this.#onAbort = listener;
    if (this.#abortReason !== undefined) listener(this.#abortReason);
  }

  /** Takes the param that came with the OPEN, or waits for the rest of it. @throws {SluiceError} for what ends the session */
  begin(): void {
    const { open } = this;
    const { limits, budget, isStructured } = this.#host;
    const { floor } = budget;
    const allowed = Math.min(limits.window, maxFramePayload);
    if (open.window > maxGrantAhead) {
      throw new SluiceError(
        "FLOW_CONTROL_ERROR",
        `OPEN allows ${open.window}, at most ${maxGrantAhead} are allowed`,
      );
    }
    if (!open.more) {
      const length = isStructured ? open.total : open.end - open.start;
      checkMessage(length, limits.maxMessage);
      const end = messageOverhead + length;
      if (end > allowed && end > floor) {
        throw new SluiceError(
          "FLOW_CONTROL_ERROR",
          `A param reaches ${end}, ${allowed} are allowed in an OPEN`,
        );
      }
      this.#arrivals?.window.open(end);
      if (!open.halfClosed) this.creditRaised();
      this.#start({ ...open, owned: false });
      return;
    }
    const arrivals = this.#arrivals as Arrivals;
    arrivals.window.open();
    arrivals.addParam(open);
    if (arrivals.window.received > floor) {
      throw new SluiceError(
        "FLOW_CONTROL_ERROR",
        `A param starts with ${arrivals.window.received}, ${floor} are allowed`,
      );
    }
    const raised = arrivals.window.reserve(arrivals.unfinishedEnd as number, () => this.creditRaised());
    if (raised || arrivals.window.limit > floor) this.creditRaised();
    if (open.stop) this.#abort("stop");
  }

  // ── Frames from the peer ─────────────────────────────────────────────────────────────────────────────────────────

  onData(frame: DataFrame): void {
    if (frame.type === FrameType.RESULT) throw malformed(`RESULT for call ${this.id} of its own sender`);
    const move = this.#move("data");
    if (move === "ignore") return;
    if (this.#arrivals === undefined) throw malformed(`DATA for call ${this.id}, whose caller has said all`);
    const message = this.#arrivals.add(frame);
    if (move === "drop") return;
    if (this.#isWaitingForParam) {
      if (message !== undefined) this.#start(message);
    } else if (this.inbox?.isDropping === true) this.inbox.skip();
    else if (message === undefined) {
      if (this.#arrivals.unfinishedEnd !== undefined) this.inbox?.expect(this.#arrivals.unfinishedEnd);
    } else this.#deliver(message);
  }

  onCredit(frame: CreditFrame): void {
    if (this.#move("credit") !== "act") return;
    if (this.outbox.credited(frame.received, frame.limit) && this.outbox.hasWork) this.#host.ready(this);
  }

  onEnd(frame: EndFrame): void {
    const move = this.#move("end");
    if (move === "ignore") return;
    if (this.#arrivals === undefined || this.#isWaitingForParam || this.open.halfClosed) {
      throw malformed(`END for call ${this.id}, whose caller has said all`);
    }
    this.#arrivals.complete(frame.offset, move === "drop");
    this.inbox?.end();
  }

  onCancel(frame: CancelFrame): void {
    if (!frame.abort) {
      if (this.#move("stop") === "act") this.#abort("stop");
      return;
    }
    const from = this.#state;
    if (this.#move("abort") !== "act") return;
    if (from === "ended") {
      // Its caller remembers the id until it hears of an end; what waits for credit will not be one.
      if (!this.outbox.isFinished) this.#sayCancelled();
      this.#forget();
    } else {
      this.#giveUp("cancelled");
      this.#host.abused();
    }
  }

  /** The caller has seen the end, or (before there was one) no longer wants the call. */
  onDone(): void {
    const from = this.#state;
    if (this.#move("done") !== "act") return;
    if (from === "ended") this.#forget();
    else this.#giveUp("cancelled");
  }

  lost(_error: SluiceError, cause: "disconnected" | "shutdown"): void {
    const from = this.#state;
    if (this.#move("lost") !== "act") return;
    if (from === "ended") this.#forget();
    else this.#giveUp(cause);
  }

  // ── What the handler does ────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Writes an item. Returns whether the writer may go on at once; else it waits for `outbox.accepted()`.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED`
   */
  write(message: Message): boolean {
    const mayGoOn = this.outbox.push(message, this.#host.freeLink, this.id);
    if (this.outbox.hasWork) this.#host.ready(this);
    return mayGoOn;
  }

  /** Ends this side's direction after what was written; the result may still follow. */
  closeOutbox(): void {
    if (this.#state !== "running") return;
    this.outbox.close();
    if (this.outbox.hasWork) this.#host.ready(this);
  }

  /**
   * `result` ends the call, after all that was written.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED` for more than the peer accepts: nothing has ended then
   */
  resolve(result: Message): void {
    checkLength(result, this.#host.sending);
    if (!this.#ends()) return;
    this.outbox.finish({ result });
    this.#sendFinal();
  }

  /** `error` ends the call, after all that was written. */
  reject(error: ErrorParts): void {
    if (!this.#ends()) return;
    this.outbox.finish({ error });
    this.#sendFinal();
  }

  /** Refuses the call before any handler, for `reason`. */
  refuse(reason: unknown): void {
    this.reject(refusalParts(reason));
  }

  /** The handler has settled: its slot is free. Called once, after `resolve()` or `reject()`. */
  settled(): void {
    this.#onSettled();
  }

  // ── Turns ────────────────────────────────────────────────────────────────────────────────────────────────────────

  get hasWork(): boolean {
    return this.outbox.hasWork;
  }

  takeTurn(link: Link, most: number): number {
    return this.outbox.takeTurn(link, this.id, most);
  }

  // ── Inbox host ───────────────────────────────────────────────────────────────────────────────────────────────────

  creditRaised(): void {
    if (this.#arrivals === undefined || this.#state === "ended" || this.#state === "over") return;
    const { received, limit } = this.#arrivals.window;
    this.#host.control({ type: FrameType.CREDIT, call: this.id, received, limit });
  }

  /** A handler that stops reading says nothing to its caller: what comes is dropped. */
  readerLeft(): void {}

  itemsDropped(): void {
    this.#arrivals?.discard("items");
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #move(event: CalleeEvent): "act" | "drop" | "ignore" {
    const { action, to } = calleeMoves[this.#state][event];
    if (action === "refuse") {
      throw new SluiceError("PROTOCOL_ERROR", `Call ${this.id} is ${this.#state}: ${event} does not fit`);
    }
    this.#state = to;
    return action;
  }

  #start(message: WholeMessage): void {
    this.#isWaitingForParam = false;
    const { window } = this.#arrivals ?? {};
    if (window !== undefined) {
      const raised = window.take(window.received);
      if (this.open.halfClosed) window.close();
      else if (raised) this.creditRaised();
    }
    if (this.open.stop && this.#abortReason === undefined) this.#abort("stop");
    let param: unknown;
    try {
      param = this.#plan.param.decode(message, this.#host.utf8, message.owned);
    } catch (reason) {
      const error = SluiceError.from(reason, "DECODE_ERROR");
      this.reject(errorParts(error.code, error.message, { processed: "no" }));
      this.settled();
      return;
    }
    this.#plan.start(this, param);
  }

  #deliver(message: WholeMessage): void {
    const { send } = this.#plan;
    if (this.open.halfClosed) throw malformed(`DATA for call ${this.id}, whose caller has said all`);
    if (send === undefined || this.inbox === undefined) {
      // The two sides know different procedures of that name: a fault of this call, not of the wire.
      this.#refuseItem(new SluiceError("INVALID_ARGUMENT", "The procedure takes no items"));
      return;
    }
    let value: unknown;
    try {
      value = send.decode(message, this.#host.utf8, message.owned);
    } catch (reason) {
      this.#refuseItem(SluiceError.from(reason, "DECODE_ERROR"));
      return;
    }
    this.inbox.push(value, (this.#arrivals as Arrivals).window.received);
  }

  /** An item that does not fit ends the call for its caller at once, and for the handler as a cancel does. */
  #refuseItem(error: SluiceError): void {
    this.#deadline?.cancel();
    this.outbox.dropUnsent();
    this.outbox.finish({ error: errorParts(error.code, error.message, { processed: "maybe" }) });
    this.#state = "ended";
    this.inbox?.fail(error);
    this.#tellAbort("cancelled");
    this.#sendFinal();
  }

  #abort(reason: AbortReason): void {
    this.outbox.dropUnsent();
    this.#tellAbort(reason);
  }

  #giveUp(reason: AbortReason): void {
    const error = new SluiceError("CANCELLED", "The caller has left");
    this.#deadline?.cancel();
    this.outbox.dispose(() => error);
    this.inbox?.abandon(error);
    // The slot is held until the handler settles; memory is not.
    this.#arrivals?.discard("all");
    this.#arrivals?.window.close();
    this.#tellAbort(reason);
    if (this.#isWaitingForParam) this.#settleUnstarted();
  }

  /** Nothing runs yet that could settle. */
  #settleUnstarted(): void {
    this.#isWaitingForParam = false;
    this.reject(errorParts("CANCELLED", "The call was cancelled", { processed: "no" }));
    this.settled();
  }

  #tellAbort(reason: AbortReason): void {
    if (this.#abortReason !== undefined && this.#abortReason !== "stop") return;
    const isFirst = this.#abortReason === undefined;
    this.#abortReason = reason;
    if (isFirst) this.#onAbort?.(reason);
  }

  /** The call ends by its handler. Returns whether the caller still waits for that. */
  #ends(): boolean {
    const from = this.#state;
    if (from === "ended" || from === "over") return false;
    this.#move("settled");
    this.#deadline?.cancel();
    if (from === "aborting") {
      this.#sayCancelled();
      this.#release();
      return false;
    }
    // Whoever still reads has reached the end: nothing comes any more.
    this.inbox?.drop();
    return true;
  }

  #sayCancelled(): void {
    const parts = errorParts("CANCELLED", "The call was cancelled", { processed: "maybe" });
    this.#host.control({ ...parts, call: this.id, offset: this.outbox.sent });
  }

  #sendFinal(): void {
    this.#arrivals?.window.close();
    if (this.outbox.hasWork) this.#host.ready(this);
  }

  #forget(): void {
    this.#state = "over";
    this.#release();
  }

  #release(): void {
    this.#deadline?.cancel();
    this.outbox.dispose(writeAfterEnd);
    this.#arrivals?.window.close();
    this.#host.over(this);
  }

  #expire(): void {
    if (this.#state !== "running" && this.#state !== "stopped") return;
    this.outbox.dropUnsent();
    const error = new SluiceError("DEADLINE_EXCEEDED", "The deadline has passed");
    const processed = this.#isWaitingForParam ? "no" : "maybe";
    this.outbox.finish({ error: errorParts(error.code, error.message, { processed }) });
    this.#state = "ended";
    this.inbox?.fail(error);
    this.#tellAbort("deadline");
    this.#sendFinal();
    if (this.#isWaitingForParam) this.#settleUnstarted();
  }
}

/** Messages are for people; their size is bounded with ERROR's JSON. Spec: docs/wire.md §6. */
const longestMessage = 1000;

/**
 * The ERROR, without its place, for a call that is refused for `reason` before any handler. What is no SluiceError stays home.
 */
export function refusalParts(reason: unknown): ErrorParts {
  if (!SluiceError.is(reason)) {
    return errorParts("INTERNAL", "The call could not be taken", { processed: "no", retryable: false });
  }
  const { code, message, retryable } = reason;
  // Callers open a call again by themselves that found no slot: this one found something else. Spec: docs/wire.md §4.3.
  const processed = code === "RESOURCE_EXHAUSTED" && retryable ? "maybe" : "no";
  return errorParts(code, message, { processed, retryable });
}

/** An ERROR without its place. */
export function errorParts(
  code: string,
  message: string,
  details: { readonly processed: "no" | "maybe"; readonly retryable?: boolean },
  data?: Message,
): ErrorParts {
  return {
    type: FrameType.ERROR,
    circuit: false,
    body: { code, message: clip(message), origin: "remote", ...details },
    raw: data?.raw ?? false,
    payload: data?.body,
    start: 0,
    end: data === undefined || data.length < 0 ? 0 : data.length,
  };
}

function clip(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
}
