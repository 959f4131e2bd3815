/**
 * A call that this side opened: its states, and what its user does with it.
 *
 * How it is opened is in opening.ts, what comes back in callee-data.ts. Spec: docs/wire.md §8 (caller), §4.4, §4.13. What users
 * hold (call/) is built on it.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import {
  type CallKey,
  type CreditFrame,
  type DataFrame,
  type EndFrame,
  type ErrorFrame,
  FrameType,
} from "../frame/frame.ts";
import type { Link } from "../link/link.ts";
import { CallDeadline, passedDeadline } from "./call-deadline.ts";
import { type CallEnd, cancelled } from "./call-end.ts";
import type { CallHost, SessionCall } from "./call-host.ts";
import { CallStage } from "./call-stage.ts";
import { type CallerEvent, type CallerState, callerMoves } from "./call-states.ts";
import { CalleeData, type CalleeDataOwner } from "./callee-data.ts";
import { checkCredit } from "./credit-window.ts";
import type { Inbox } from "./inbox.ts";
import type { OpenRequest } from "./open-frame.ts";
import { Opening } from "./opening.ts";
import type { Outbox } from "./outbox.ts";
import { isNoRoom, reportedError } from "./reported-error.ts";

export class OutgoingCall implements SessionCall, CalleeDataOwner {
  turnCredit = 0;
  id = 0;
  readonly request: OpenRequest;
  readonly #host: CallHost;
  readonly end: CallEnd;
  /** What comes from the peer. */
  readonly data: CalleeData;
  readonly #stage = new CallStage<CallerState, CallerEvent>(callerMoves, "queued");
  readonly #opening: Opening;
  wasStopped = false;
  readonly #deadline: CallDeadline | undefined;

  constructor(host: CallHost, request: OpenRequest, end: CallEnd) {
    this.#host = host;
    this.request = request;
    this.end = end;
    this.data = new CalleeData(host, this, request);
    this.#opening = new Opening(host, request);
    const { timeoutMs } = request;
    if (timeoutMs > 0) this.#deadline = new CallDeadline(host.clock, timeoutMs, () => this.#expire());
  }

  /** Items that come back; `undefined` if none do. */
  get inbox(): Inbox | undefined {
    return this.data.intake.inbox;
  }

  /** What follows the param; `undefined` if nothing does and the param went whole. */
  get outbox(): Outbox | undefined {
    return this.#opening.outbox;
  }

  get state(): CallerState {
    return this.#stage.name;
  }

  /** Whether the peer may still run a handler for it. */
  get isOutstanding(): boolean {
    return this.state !== "queued" && this.state !== "ended" && this.state !== "over";
  }

  /** Gets its id and key; its OPEN goes out at once, or at its turn. */
  open(id: number, key: CallKey): void {
    this.id = id;
    this.#stage.enter("opened");
    this.#host.register(this);
    this.#opening.prepare(id, key, this.data.intake.window.open());
    const link = this.#host.freeLink;
    if (link === undefined) this.#host.ready(this);
    else {
      this.#opening.send(link, this.#deadline?.remainingMs);
      if (this.hasWork) this.#host.ready(this);
    }
  }

  /** Its link was lost. Returns whether it goes on over the next one; if not, it is over. */
  detach(): boolean {
    this.id = 0;
    this.turnCredit = 0;
    if (!this.isOutstanding || this.state === "aborted") {
      this.#release();
      return false;
    }
    this.#opening.detach();
    return true;
  }

  /** Goes on over the next link, under another id: its OPEN goes again, at its turn. */
  reopen(id: number): void {
    this.id = id;
    this.#host.register(this);
    const { arrivals, window } = this.data.intake;
    arrivals.resumed();
    this.#opening.prepareAgain(id, window, this.wasStopped);
    this.#host.ready(this);
  }

  get hasWork(): boolean {
    return this.#opening.hasWork;
  }

  takeTurn(link: Link, most: number): number {
    let spent = 0;
    if (this.#opening.isDue) {
      spent = this.#opening.send(link, this.#deadline?.remainingMs);
      this.#host.openSent(this);
    }
    if (spent >= most || this.outbox === undefined) return spent;
    return spent + this.outbox.takeTurn(link, this.id, most - spent);
  }

  onData(frame: DataFrame): void {
    const isEnd = frame.type === FrameType.RESULT && !frame.more;
    const { moves } = this.#stage; // by name: this is the way of every item
    const { action, to } = isEnd ? moves.result : moves.data;
    if (action === "refuse") throw this.#stage.refusal(isEnd ? "result" : "data", this.id);
    if (action === "ignore") return;
    const message = this.data.judge(frame, this.wasStopped);
    if (isEnd && message === undefined) throw malformed(`the RESULT of call ${this.id} lies before its end`);
    // Only now: a frame that is refused ends the session, and the call with it, as one that has not ended.
    this.#stage.enter(to);
    if (action === "act") this.data.take(frame.type, message);
    else if (isEnd) this.#forget();
  }

  onCredit({ received, limit }: CreditFrame): void {
    const isHeeded = this.#stage.move("credit", this.id) === "act";
    if (isHeeded && this.outbox !== undefined) {
      if (this.#opening.credited(received, limit)) this.#host.ready(this);
    } else if (this.isOutstanding) checkCredit(received, limit, this.#opening.sent);
  }

  onEnd(frame: EndFrame): void {
    if (this.#stage.move("end", this.id) !== "act") return;
    this.data.intake.arrivals.complete(frame.offset, this.wasStopped);
    this.inbox?.end();
  }

  onError(frame: ErrorFrame): void {
    const from = this.state;
    const { action, to } = this.#stage.look("error", this.id);
    if (action === "ignore") return;
    if (from === "opened" && isNoRoom(frame)) {
      this.#putBack();
      return;
    }
    // It may break off an item, but not the result, which is an end already.
    const { arrivals } = this.data.intake;
    arrivals.endAt(frame.offset, from === "aborted" || !arrivals.isResultUnfinished);
    this.#stage.enter(to);
    if (action === "act") this.#reject(reportedError(frame, this.request, this.#host.utf8, this.wasStopped));
    this.#forget();
  }

  /** "No more data; finish, and give me the result." Spec: docs/wire.md §4.4. */
  stop(reason = ""): void {
    if (this.neverLeft) {
      this.#endHere(cancelled(reason, "no"));
      return;
    }
    if (this.#stage.move("stop", this.id) !== "act") return;
    this.wasStopped = true;
    this.#closeItems();
    if (this.#opening.isDue) this.#opening.stop();
    else this.#host.control({ type: FrameType.CANCEL, call: this.id, abort: false, reason });
    if (this.hasWork) this.#host.ready(this);
  }

  /** Gives the call up: over at once. */
  abort(reason?: unknown): void {
    this.fail(cancelled(reason, this.neverLeft ? "no" : "maybe"));
  }

  /** No items follow. A direction that is half closed has no END, also while the rest of its param goes. */
  #closeItems(): void {
    if (this.request.send !== undefined) this.outbox?.close();
  }

  /** Its OPEN was not handed to a link: nobody else knows of it. */
  get neverLeft(): boolean {
    return this.state === "queued" || (this.state !== "over" && !this.#opening.hasLeft);
  }

  /** Gives the call up with an error of this side's own. */
  fail(error: SluiceError): void {
    const neverLeft = this.neverLeft;
    if (this.#stage.move("abort", this.id) !== "act") return;
    if (neverLeft) {
      // Its OPEN never left: both vanish.
      this.#endHere(error);
      return;
    }
    // The id is remembered until the callee's end; memory is not held for that.
    this.data.intake.abandon(error);
    this.#reject(error);
    // Without a link, or before it is opened again over the next one: that it is not opened again says so.
    if (this.id === 0 || this.#opening.isDue) this.#release();
    else this.#host.control({ type: FrameType.CANCEL, call: this.id, abort: true, reason: error.code });
  }

  /** Ends this side's direction after what was written. */
  closeOutbox(): void {
    this.#closeItems();
    if (this.state !== "queued" && this.hasWork) this.#host.ready(this);
  }

  /** As {@link Opening.write}. */
  write(message: Message): boolean {
    const mayGoOn = this.#opening.write(message, this.id);
    if (this.state !== "queued" && this.hasWork) this.#host.ready(this);
    return mayGoOn;
  }

  lost(error: SluiceError): void {
    if (this.state === "over") return;
    const { message, origin, cause } = error;
    const processed = this.neverLeft ? "no" : "maybe";
    if (this.state === "queued" || this.#stage.move("lost", this.id) === "act") {
      this.#endHere(new SluiceError(error.code, message, { origin, cause, processed }));
    } else this.#release();
  }

  get grantsCredit(): boolean {
    return this.id !== 0 && this.isOutstanding && this.state !== "aborted" && !this.#opening.isDue;
  }

  readerLeft(): void {
    this.stop();
  }

  resultArrived(result: unknown): void {
    this.inbox?.end();
    this.end.resolved(result);
    this.#forget();
  }

  resultRefused(error: SluiceError): void {
    this.#reject(error);
    this.#forget();
  }

  itemRefused(error: SluiceError): void {
    this.fail(error);
  }

  /** The peer had no room, and nothing of the call has happened there. Spec: docs/wire.md §4.3. */
  #putBack(): void {
    this.#stage.enter("queued");
    this.#opening.putBack();
    this.data.intake.window.close();
    this.#host.putBack(this);
    this.id = 0;
  }

  /** The end was seen: the callee may forget the call, and so does this side. */
  #forget(): void {
    if (this.id !== 0 && this.state !== "over") this.#host.owesDone(this.id);
    this.#release();
  }

  /** Ends without a word from the peer. */
  #endHere(error: SluiceError): void {
    this.#stage.enter("over");
    this.#reject(error);
    this.#release();
  }

  #release(): void {
    this.#stage.enter("over");
    this.#opening.discard();
    this.#deadline?.cancel();
    this.outbox?.dispose();
    this.data.intake.window.close();
    this.#host.over(this);
  }

  #reject(error: SluiceError): void {
    this.#deadline?.cancel();
    this.inbox?.fail(error);
    this.outbox?.dispose(() => error);
    this.end.rejected(error);
  }

  #expire(): void {
    const { timeoutMs, procedure } = this.request;
    this.fail(passedDeadline(procedure, timeoutMs, this.neverLeft ? "no" : "maybe"));
  }
}
