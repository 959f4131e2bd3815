/**
 * A call that the peer opened: its states, and the slot that its handler holds.
 *
 * What its caller sends is in caller-data.ts, what goes back in reply.ts. Spec: docs/wire.md §8 (callee), §4.3, §4.4. What
 * handlers see (call/) is built on it.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import {
  type CancelFrame,
  type CreditFrame,
  type DataFrame,
  type EndFrame,
  FrameType,
  type OpenFrame,
} from "../frame/frame.ts";
import type { Link } from "../link/link.ts";
import { AbortNotice, type AbortReason } from "./abort-notice.ts";
import type { CallPlan } from "./call-acceptor.ts";
import { CallDeadline } from "./call-deadline.ts";
import type { CallHost, SessionCall } from "./call-host.ts";
import { CallStage } from "./call-stage.ts";
import { type CalleeEvent, type CalleeState, calleeMoves } from "./call-states.ts";
import { CallerData, type CallerDataOwner } from "./caller-data.ts";
import { type ErrorParts, errorParts } from "./error-parts.ts";
import { HandlerSlot, type HandlerSlots } from "./handler-slot.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Final } from "./outbox-end.ts";
import { Reply } from "./reply.ts";
import { checkLength } from "./send-context.ts";

export class IncomingCall implements SessionCall, CallerDataOwner {
  turnCredit = 0;
  /** 0 while its link is lost. */
  id: number;
  /** Of its key. */
  readonly number: number;
  readonly slot: HandlerSlot;
  readonly #host: CallHost;
  readonly #plan: CallPlan;
  /** What comes from the peer. */
  readonly data: CallerData;
  readonly #reply: Reply;
  readonly #deadline: CallDeadline | undefined;
  readonly #stage = new CallStage<CalleeState, CalleeEvent>(calleeMoves, "running");
  readonly #notice = new AbortNotice();

  /**
   * Answers nothing yet; `begin()` does. Keeps nothing of `open`, whose payload is a part of what the link has read.
   * @param slots told once, when the slot of its handler is free
   */
  constructor(host: CallHost, open: OpenFrame, plan: CallPlan, slots: HandlerSlots) {
    this.#host = host;
    this.id = open.call;
    this.number = open.key.number;
    this.slot = new HandlerSlot(open, host.clock.now(), slots);
    this.#plan = plan;
    this.data = new CallerData(host, this, open, plan);
    this.#reply = new Reply(host, this, open.window);
    const timeoutMs = Math.min(open.timeoutMs, host.limits.maxDeadline);
    if (timeoutMs > 0) this.#deadline = new CallDeadline(host.clock, timeoutMs, () => this.#expire());
  }

  get state(): CalleeState {
    return this.#stage.name;
  }

  /** Milliseconds to the deadline, at least 0; `undefined` if there is none. */
  get remainingMs(): number | undefined {
    return this.#deadline?.remainingMs;
  }

  /** Set once the handler shall finish or has lost its caller. */
  get abortReason(): AbortReason | undefined {
    return this.#notice.reason;
  }

  /** Whether the handler's items go somewhere. */
  get isWanted(): boolean {
    return this.state === "running";
  }

  /** Items from the caller; `undefined` if none come. */
  get inbox(): Inbox | undefined {
    return this.data.intake?.inbox;
  }

  /** What goes to the caller. */
  get outbox(): Outbox {
    return this.#reply.outbox;
  }

  /** Sets who is told when the handler shall finish or has lost its caller; at once, if that has happened. */
  onAbort(listener: (reason: AbortReason) => void): void {
    this.#notice.listen(listener);
  }

  /** Takes the param that came with the OPEN, or waits for the rest of it. @throws {SluiceError} for what ends the session */
  begin(open: OpenFrame): void {
    if (open.stop && this.#stage.move("stop", this.id) === "act") this.#stop();
    this.data.begin(open);
  }

  /** Its link was lost: its handler goes on, and nothing is sent until its caller has found it again. */
  detach(): void {
    this.id = 0;
    this.turnCredit = 0;
    this.#reply.hold();
  }

  /** Its caller has found it again, over the link of `open`. @throws {SluiceError} for what ends the session */
  resume(open: OpenFrame): void {
    this.id = open.call;
    this.#host.register(this);
    if (open.stop && this.#stage.move("stop", this.id) === "act") this.#stop();
    this.data.resumed();
    const { received, limit } = open.resume ?? { received: 0, limit: open.window };
    this.#reply.resume(received, limit);
  }

  onData(frame: DataFrame): void {
    if (frame.type === FrameType.RESULT) throw malformed(`RESULT for call ${this.id} of its own sender`);
    const move = this.#stage.move("data", this.id);
    if (move !== "ignore") this.data.add(frame, move === "drop");
  }

  onCredit(frame: CreditFrame): void {
    const isHeeded = this.#stage.move("credit", this.id) === "act";
    // One that changes nothing is judged nevertheless.
    if (isHeeded || this.state === "aborting") this.#reply.credited(frame.received, frame.limit);
  }

  onEnd(frame: EndFrame): void {
    const move = this.#stage.move("end", this.id);
    if (move !== "ignore") this.data.end(frame, move === "drop");
  }

  onCancel(frame: CancelFrame): void {
    if (!frame.abort) {
      if (this.#stage.move("stop", this.id) === "act") this.#stop();
      return;
    }
    const from = this.state;
    if (this.#stage.move("abort", this.id) !== "act") return;
    if (from === "ended") {
      // Its caller remembers the id until it hears of an end; what waits for credit will not be one.
      if (!this.#reply.isFinished) this.#reply.sayCancelled();
      this.#release();
    } else {
      // The two clocks run apart: the caller's may be the first to say that time is up.
      this.#giveUp(frame.reason === "DEADLINE_EXCEEDED" ? "deadline" : "cancelled");
      this.#host.abused();
    }
  }

  /** The caller has seen the end, or (before there was one) no longer wants the call. */
  onDone(): void {
    this.#leave("done", "cancelled");
  }

  lost(_error: SluiceError, cause: "disconnected" | "shutdown"): void {
    this.#leave("lost", cause);
    this.slot.callOver();
  }

  #leave(event: "done" | "lost", reason: AbortReason): void {
    const isEnded = this.state === "ended";
    if (this.#stage.move(event, this.id) !== "act") return;
    if (isEnded) this.#release();
    else this.#giveUp(reason);
  }

  /**
   * Writes an item. Returns whether the writer may go on at once; else it waits for `outbox.accepted()`.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED`
   */
  write(message: Message): boolean {
    return this.#reply.write(message);
  }

  /** Ends this side's direction after what was written; the result may still follow. */
  closeOutbox(): void {
    if (this.state === "running") this.#reply.close();
  }

  /**
   * `result` ends the call, after all that was written.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED` for more than the peer accepts: nothing has ended then
   */
  resolve(result: Message): void {
    checkLength(result, this.#host.sending);
    if (this.#ends()) this.#finish({ result });
  }

  /** `error` ends the call, after all that was written. */
  reject(error: ErrorParts): void {
    if (this.#ends()) this.#finish({ error });
  }

  get hasWork(): boolean {
    return this.#reply.hasWork;
  }

  takeTurn(link: Link, most: number): number {
    return this.#reply.takeTurn(link, most);
  }

  get grantsCredit(): boolean {
    return this.id !== 0 && this.state !== "ended" && this.state !== "over";
  }

  readerLeft(): void {} // What comes is dropped; the caller need not know.

  paramArrived(param: unknown): void {
    this.#plan.start(this, param);
  }

  // What does not fit its schema may be a user's; what does not decode is hardly an honest peer's.
  paramRefused({ code, message }: SluiceError): void {
    this.reject(errorParts(code, message, { processed: "no" }));
    this.slot.free();
    if (code === "DECODE_ERROR") this.#host.abused();
  }

  itemRefused(error: SluiceError): void {
    this.#endWith(error, "maybe", "cancelled");
    if (error.code === "DECODE_ERROR") this.#host.abused();
  }

  #expire(): void {
    if (this.state !== "running" && this.state !== "stopped") return;
    const error = new SluiceError("DEADLINE_EXCEEDED", "The deadline has passed");
    this.#endWith(error, this.data.isWaitingForParam ? "no" : "maybe", "deadline");
    if (this.data.isWaitingForParam) this.#settleUnstarted();
  }

  /** The call ends for its caller at once, and for the handler as a cancel does. */
  #endWith(error: SluiceError, processed: "no" | "maybe", reason: AbortReason): void {
    this.#stage.move("settled", this.id);
    this.#deadline?.cancel();
    this.#reply.dropUnsent("has ended");
    this.#finish({ error: errorParts(error.code, error.message, { processed }) });
    this.inbox?.fail(error);
    this.#notice.tell(reason);
  }

  #stop(): void {
    this.#reply.dropUnsent("goes on");
    this.#notice.tell("stop");
  }

  #giveUp(reason: AbortReason): void {
    const error = new SluiceError("CANCELLED", "The caller has left");
    this.#deadline?.cancel();
    this.#reply.dispose(() => error);
    // The slot is held until the handler settles; memory is not.
    this.data.intake?.abandon(error);
    this.#notice.tell(reason);
    if (this.data.isWaitingForParam) this.#settleUnstarted();
  }

  /** Nothing runs yet that could settle. */
  #settleUnstarted(): void {
    this.data.isWaitingForParam = false;
    this.reject(errorParts("CANCELLED", "The call was cancelled", { processed: "no" }));
    this.slot.free();
  }

  /** The call ends by its handler. Returns whether the caller still waits for that. */
  #ends(): boolean {
    const from = this.state;
    if (from === "ended" || from === "over") return false;
    this.#stage.move("settled", this.id);
    this.#deadline?.cancel();
    if (from === "aborting") {
      this.#reply.sayCancelled();
      this.#release();
      return false;
    }
    // Whoever still reads has reached the end: nothing comes any more.
    this.inbox?.drop();
    return true;
  }

  #finish(final: Final): void {
    this.data.intake?.window.close();
    this.#reply.finish(final);
  }

  /** Nothing of it is needed any more. */
  #release(): void {
    this.#deadline?.cancel();
    this.#reply.dispose();
    this.data.intake?.window.close();
    this.slot.callOver();
    this.#host.over(this);
  }
}
