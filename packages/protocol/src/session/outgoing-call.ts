/**
 * A call that this side opened: its states, its frames, its two directions.
 *
 * Spec: docs/wire.md §8 (caller), §4.4, §4.13. What users hold (call/) is built on it.
 */
import type { Timer } from "../clock.ts";
import type { Message, Slot } from "../codec/slot.ts";
import { remoteError, SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import {
  type CallKey,
  type CreditFrame,
  type DataFrame,
  type EndFrame,
  type ErrorFrame,
  FrameType,
  type OpenFrame,
} from "../frame/frame.ts";
import { maxFramePayload, messageOverhead } from "../limits.ts";
import type { Link } from "../link/link.ts";
import { Arrivals } from "./arrivals.ts";
import type { CallHost, SessionCall } from "./call-host.ts";
import { type Action, type CallerEvent, type CallerState, callerMoves, type Move } from "./call-states.ts";
import { ReceiveWindow } from "./credit-window.ts";
import { Inbox, type InboxHost } from "./inbox.ts";
import { Outbox } from "./outbox.ts";
import type { WholeMessage } from "./reassembly.ts";

/** What a caller wants. */
export interface OpenRequest {
  readonly procedure: string;
  readonly param: Message;
  /** Items come back. */
  readonly receive: Slot | undefined;
  /** Items follow the param. */
  readonly send: Slot | undefined;
  readonly isEvent: boolean;
  readonly result: Slot;
  /** The codes that the procedure declares, with the slots of their data. */
  readonly errors: ReadonlyMap<string, Slot>;
  /** Milliseconds until the deadline, from now; 0 for none. */
  readonly timeoutMs: number;
  /** A JSON object as text, `""` for none. */
  readonly metadata: string;
}

/** How a call ended, for whoever opened it. Exactly one of them, once. */
export interface CallEnd {
  resolved(result: unknown): void;
  rejected(error: SluiceError): void;
}

export class OutgoingCall implements SessionCall, InboxHost {
  turnCredit = 0;
  id = 0;
  readonly request: OpenRequest;
  /** Items that come back; `undefined` if none do. */
  readonly inbox: Inbox | undefined;
  /** What follows the param; `undefined` if nothing does and the param went whole. */
  outbox: Outbox | undefined;
  readonly #host: CallHost;
  readonly #end: CallEnd;
  readonly #arrivals: Arrivals;
  #state: CallerState = "queued";
  #openFrame: OpenFrame | undefined;
  readonly #deadlineAt: number;
  #deadline: Timer | undefined;

  constructor(host: CallHost, request: OpenRequest, end: CallEnd) {
    this.#host = host;
    this.request = request;
    this.#end = end;
    const window = new ReceiveWindow(host.budget, host.limits, host.clock);
    this.#arrivals = new Arrivals(window, host);
    if (request.receive !== undefined) this.inbox = new Inbox(window, this);
    if (request.send !== undefined) this.outbox = new Outbox(0, host.sending);
    const { timeoutMs } = request;
    this.#deadlineAt = timeoutMs === 0 ? 0 : host.clock.now() + timeoutMs;
    if (timeoutMs > 0) this.#deadline = host.clock.setTimer(timeoutMs, () => this.#expire());
  }

  get state(): CallerState {
    return this.#state;
  }

  /** Whether the peer may still run a handler for it. */
  get isOutstanding(): boolean {
    return this.#state !== "queued" && this.#state !== "ended" && this.#state !== "over";
  }

  // ── Opening ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Gets its id and key; its OPEN goes out at once, or at its turn. */
  open(id: number, key: CallKey): void {
    this.id = id;
    this.#state = "opened";
    this.#host.register(this);
    this.#openFrame = this.#makeOpen(key);
    const link = this.#host.freeLink;
    if (link === undefined) this.#host.ready(this);
    else {
      this.#sendOpen(link);
      if (this.hasWork) this.#host.ready(this);
    }
  }

  get hasWork(): boolean {
    return this.#openFrame !== undefined || this.outbox?.hasWork === true;
  }

  takeTurn(link: Link, most: number): number {
    const opened = this.#openFrame === undefined ? 0 : this.#sendOpen(link);
    if (opened >= most || this.outbox === undefined) return opened;
    return opened + this.outbox.takeTurn(link, this.id, most - opened);
  }

  #makeOpen(key: CallKey): OpenFrame {
    const { procedure, metadata, send, isEvent, param } = this.request;
    const { window } = this.#arrivals;
    return {
      type: FrameType.OPEN,
      call: this.id,
      more: false,
      raw: param.raw,
      halfClosed: send === undefined,
      event: isEvent,
      stop: false,
      key,
      timeoutMs: 0,
      window: window.open(),
      maxWindow: this.#host.limits.maxWindow,
      procedure,
      metadata,
      resume: undefined,
      routed: false,
      total: param.length,
      payload: param.body,
      start: 0,
      end: param.length,
    };
  }

  #sendOpen(link: Link): number {
    const frame = this.#openFrame as OpenFrame;
    this.#openFrame = undefined;
    if (this.#deadlineAt > 0) {
      frame.timeoutMs = Math.max(1, Math.ceil(this.#deadlineAt - this.#host.clock.now()));
    }
    const { param } = this.request;
    const { window, floor } = this.#host.peerLimits;
    // A short text surely fits; its length is known when it has been encoded.
    const surelyFits = param.length < 0 && messageOverhead + 3 * (param.body as string).length <= window;
    if (!surelyFits) this.#measureParam(param, frame);
    if (!surelyFits && (messageOverhead + param.length > window || this.#isTooLong(param))) {
      return this.#sendOpenInPieces(link, frame, floor);
    }
    const length = link.send(frame);
    if (param.length < 0) param.length = length;
    const end = messageOverhead + param.length;
    this.outbox?.startAt(end, end + floor);
    return end;
  }

  #isTooLong(param: Message): boolean {
    return !this.#host.isStructured && param.length > maxFramePayload;
  }

  #measureParam(param: Message, frame: OpenFrame): void {
    if (param.length < 0) {
      const text = param.body as string;
      const bytes = this.#host.utf8.allocate(this.#host.utf8.byteLength(text));
      this.#host.utf8.write(text, bytes, 0);
      param.body = bytes;
      param.length = bytes.length;
    }
    frame.payload = param.body;
    frame.total = frame.end = param.length;
  }

  #sendOpenInPieces(link: Link, frame: OpenFrame, floor: number): number {
    this.outbox ??= new Outbox(0, this.#host.sending);
    const until = this.outbox.startInside(this.request.param, floor);
    frame.more = true;
    frame.end = until - messageOverhead;
    if (this.#host.isStructured) frame.payload = undefined;
    link.send(frame);
    return until;
  }

  // ── Frames from the peer ─────────────────────────────────────────────────────────────────────────────────────────

  onData(frame: DataFrame): void {
    const isResult = frame.type === FrameType.RESULT;
    const isEnd = isResult && !frame.more;
    const { action, to } = this.#look(isEnd ? "result" : "data");
    if (action === "ignore") return;
    if (isResult && this.#wasStopped && !this.#arrivals.isResultUnfinished) {
      this.#arrivals.endAt(frame.offset, true);
    }
    const message = this.#arrivals.add(frame);
    if (isEnd && message === undefined) throw malformed(`the RESULT of call ${this.id} lies before its end`);
    // Only now: a frame that is refused ends the session, and the call with it, as one that has not ended.
    this.#state = to;
    if (action === "drop") {
      if (isEnd) this.#forget();
    } else if (!isResult && this.inbox?.isDropping === true) this.inbox.skip();
    else if (message === undefined) this.#expectMore();
    else if (isEnd) this.#finish(message);
    else this.#deliver(message);
  }

  onCredit(frame: CreditFrame): void {
    if (this.#move("credit") !== "act" || this.outbox === undefined) return;
    if (this.outbox.credited(frame.received, frame.limit) && this.outbox.hasWork) this.#host.ready(this);
  }

  onEnd(frame: EndFrame): void {
    if (this.#move("end") !== "act") return;
    this.#arrivals.complete(frame.offset, this.#wasStopped);
    this.inbox?.end();
  }

  onError(frame: ErrorFrame): void {
    const from = this.#state;
    const { action, to } = this.#look("error");
    if (action === "ignore") return;
    if (from === "opened" && isNoRoom(frame)) {
      this.#putBack();
      return;
    }
    // It may break off an item, but not the result, which is an end already.
    this.#arrivals.endAt(frame.offset, from === "aborted" || !this.#arrivals.isResultUnfinished);
    this.#state = to;
    if (action === "act") this.#reject(this.#remoteError(frame));
    this.#forget();
  }

  // ── What the user does ───────────────────────────────────────────────────────────────────────────────────────────

  #wasStopped = false;

  /** "No more data; finish, and give me the result." Spec: docs/wire.md §4.4. */
  stop(reason = ""): void {
    if (this.#neverLeft) {
      this.#endHere(cancelled(reason, "no"));
      return;
    }
    if (this.#move("stop") !== "act") return;
    this.#wasStopped = true;
    this.outbox?.close();
    this.#host.control({ type: FrameType.CANCEL, call: this.id, abort: false, reason });
    if (this.hasWork) this.#host.ready(this);
  }

  /** Gives the call up: over at once. */
  abort(reason?: unknown): void {
    this.fail(cancelled(reason, this.#neverLeft ? "no" : "maybe"));
  }

  /** Its OPEN was not handed to a link: nobody else knows of it. */
  get #neverLeft(): boolean {
    return this.#state === "queued" || this.#openFrame !== undefined;
  }

  /** Gives the call up with an error of this side's own. */
  fail(error: SluiceError): void {
    const neverLeft = this.#neverLeft;
    if (this.#move("abort") !== "act") return;
    if (neverLeft) {
      // Its OPEN never left: both vanish.
      this.#endHere(error);
      return;
    }
    this.#host.control({ type: FrameType.CANCEL, call: this.id, abort: true, reason: error.code });
    this.inbox?.abandon(error);
    // The id is remembered until the callee's end; memory is not held for that.
    this.#arrivals.discard("all");
    this.#arrivals.window.close();
    this.#reject(error);
  }

  /** Ends this side's direction after what was written. */
  closeOutbox(): void {
    this.outbox?.close();
    if (this.#state !== "queued" && this.hasWork) this.#host.ready(this);
  }

  /**
   * Writes an item. Returns whether the writer may go on at once; else it waits for `outbox.accepted()`.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED`; `FAILED_PRECONDITION` if this direction is closed, or the call takes no items
   */
  write(message: Message): boolean {
    const { outbox } = this;
    if (outbox === undefined || this.request.send === undefined) {
      const message = `Cannot send: ${this.request.procedure} takes no items`;
      throw new SluiceError("FAILED_PRECONDITION", message, { processed: "no" });
    }
    const link = this.#state === "queued" || this.#openFrame !== undefined ? undefined : this.#host.freeLink;
    const mayGoOn = outbox.push(message, link, this.id);
    if (this.#state !== "queued" && outbox.hasWork) this.#host.ready(this);
    return mayGoOn;
  }

  lost(error: SluiceError): void {
    if (this.#state === "over") return;
    const { message, origin, cause } = error;
    const processed = this.#neverLeft ? "no" : "maybe";
    if (this.#state === "queued" || this.#move("lost") === "act") {
      this.#endHere(new SluiceError(error.code, message, { origin, cause, processed }));
    } else this.#release();
  }

  // ── Inbox host ───────────────────────────────────────────────────────────────────────────────────────────────────

  creditRaised(): void {
    if (!this.isOutstanding || this.#state === "aborted" || this.#openFrame !== undefined) return;
    const { received, limit } = this.#arrivals.window;
    this.#host.control({ type: FrameType.CREDIT, call: this.id, received, limit });
  }

  readerLeft(): void {
    this.stop();
  }

  itemsDropped(): void {
    this.#arrivals.discard("items");
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What the table says of `event` now. @throws {SluiceError} `PROTOCOL_ERROR` where it does not fit */
  #look(event: CallerEvent): Move<CallerState> {
    const move = callerMoves[this.#state][event];
    if (move.action === "refuse") throw malformed(`call ${this.id} is ${this.#state}: ${event} does not fit`);
    return move;
  }

  #move(event: CallerEvent): Action {
    const { action, to } = this.#look(event);
    this.#state = to;
    return action;
  }

  #deliver(message: WholeMessage): void {
    const { receive } = this.request;
    if (receive === undefined || this.inbox === undefined) {
      this.#refuseItems();
      return;
    }
    let value: unknown;
    try {
      value = receive.decode(message, this.#host.utf8, message.owned);
    } catch (reason) {
      this.fail(SluiceError.from(reason, "DECODE_ERROR"));
      return;
    }
    this.inbox.push(value, this.#arrivals.window.received);
  }

  #expectMore(): void {
    const end = this.#arrivals.unfinishedEnd;
    if (end === undefined) return;
    if (this.#arrivals.isResultUnfinished) {
      if (this.#arrivals.window.reserve(end, () => this.creditRaised())) this.creditRaised();
    } else if (this.inbox === undefined) this.#refuseItems();
    else this.inbox.expect(end);
  }

  /** The two sides know different procedures of that name: a fault of this call, not of the wire. */
  #refuseItems(): void {
    const { procedure } = this.request;
    this.fail(
      new SluiceError("INVALID_ARGUMENT", `${procedure} gives items, and was called as if it gave none`),
    );
  }

  #finish(message: WholeMessage): void {
    let value: unknown;
    try {
      value = this.request.result.decode(message, this.#host.utf8, message.owned);
    } catch (reason) {
      this.#reject(SluiceError.from(reason, "DECODE_ERROR"));
      this.#forget();
      return;
    }
    this.inbox?.end();
    this.#end.resolved(value);
    this.#forget();
  }

  /** The peer had no room, and nothing of the call has happened there. Spec: docs/wire.md §4.3. */
  #putBack(): void {
    this.#state = "queued";
    this.outbox?.restart(this.request.param);
    this.#arrivals.window.close();
    this.#host.putBack(this);
    this.id = 0;
  }

  /** The end was seen: the callee may forget the call, and so does this side. */
  #forget(): void {
    if (this.id !== 0 && this.#state !== "over") this.#host.owesDone(this.id);
    this.#release();
  }

  /** Ends without a word from the peer. */
  #endHere(error: SluiceError): void {
    this.#state = "over";
    this.#openFrame = undefined;
    this.#reject(error);
    this.#release();
  }

  #release(): void {
    this.#state = "over";
    this.#deadline?.cancel();
    this.outbox?.dispose(writeAfterEnd);
    this.#arrivals.window.close();
    this.#host.over(this);
  }

  #reject(error: SluiceError): void {
    this.#deadline?.cancel();
    this.inbox?.fail(error);
    this.outbox?.dispose(() => error);
    this.#end.rejected(error);
  }

  #remoteError({ body, payload, start, end, raw }: ErrorFrame): SluiceError {
    const slot = this.request.errors.get(body.code);
    const details = {
      retryable: body.retryable === true,
      processed: body.processed === "no" ? "no" : "maybe",
      origin: body.origin === "relay" ? "relay" : "remote",
    } as const;
    if (slot === undefined) return remoteError(body.code, body.message, details, false);
    try {
      const data = slot.decode({ payload, start, end, raw }, this.#host.utf8);
      return remoteError(body.code, body.message, { ...details, data }, true);
    } catch (cause) {
      return remoteError(body.code, body.message, { ...details, cause }, true);
    }
  }

  #expire(): void {
    const processed = this.#neverLeft ? "no" : "maybe";
    const { timeoutMs, procedure } = this.request;
    this.fail(
      new SluiceError("DEADLINE_EXCEEDED", `${procedure} did not end within ${timeoutMs} ms`, { processed }),
    );
  }
}

/** Whether the peer had no slot for the call: it may be opened again. Spec: docs/wire.md §4.3. */
function isNoRoom({ body }: ErrorFrame): boolean {
  return body.code === "RESOURCE_EXHAUSTED" && body.processed === "no" && body.retryable !== false;
}

/** The error for a write that the end of its call has overtaken. */
export function writeAfterEnd(): SluiceError {
  return new SluiceError("CANCELLED", "Cannot write: the call has ended");
}

/** The error for a call that its user gave up. */
export function cancelled(reason: unknown, processed: "no" | "maybe" = "maybe"): SluiceError {
  const why = typeof reason === "string" && reason !== "" ? `: ${reason}` : "";
  const cause = typeof reason === "string" ? undefined : reason;
  return new SluiceError("CANCELLED", `The call was cancelled${why}`, { processed, cause });
}
