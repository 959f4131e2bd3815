/**
 * What two neighbours keep: the calls of both, who may send next, and when it all ends.
 *
 * Here frames find their calls; what a call does with them is in outgoing-call.ts and incoming-call.ts. Spec: docs/wire.md §3, §4.
 */
import type { Clock, Timer } from "../clock.ts";
import type { Encoding } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import { type CloseFrame, type Frame, FrameType } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link, LinkInfo, LinkReceiver } from "../link/link.ts";
import { AbuseMeter } from "./abuse-meter.ts";
import type { CallEnd } from "./call-end.ts";
import type { CallHost, PeerLimits, SessionCall } from "./call-host.ts";
import { CallRouter } from "./call-router.ts";
import { CallTable } from "./call-table.ts";
import { DoneNotices } from "./done-notices.ts";
import type { PeerInfo } from "./handshake.ts";
import type { IncomingCall } from "./incoming-call.ts";
import { IncomingCalls } from "./incoming-calls.ts";
import { LinkTurns } from "./link-turns.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { OpenRequest } from "./open-frame.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import { OutgoingCalls } from "./outgoing-calls.ts";
import { Pings } from "./pings.ts";
import { type SendContext, sendContext } from "./send-context.ts";
import { asSessionEnd, closedByPeer } from "./session-error.ts";
import type { SessionListener, SessionOptions } from "./session-options.ts";
import { type Activity, SessionRest } from "./session-rest.ts";
import { drained, isDrained, legalMoves, type SessionState } from "./session-state.ts";

/** How long a link that was closed may linger before it is cut, ms. */
const lingerMs = 5_000;

export class Session implements CallHost, LinkReceiver, Activity {
  readonly clock: Clock;
  readonly limits: ResolvedLimits;
  readonly peer: PeerInfo;
  readonly peerLimits: PeerLimits;
  readonly encoding: Encoding;
  readonly info: LinkInfo;
  readonly utf8: Utf8;
  readonly isStructured: boolean;
  readonly budget: MemoryBudget;
  readonly sending: SendContext;
  listener: SessionListener = {};
  readonly #link: Link;
  readonly #table: CallTable<OutgoingCall | IncomingCall>;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;
  readonly #router: CallRouter;
  readonly #rest = new SessionRest(this);
  readonly #turns: LinkTurns;
  readonly #done: DoneNotices;
  readonly #abuse: AbuseMeter;
  readonly #pings: Pings;
  #state: SessionState = { name: "open" };
  #linger: Timer | undefined;

  constructor(options: SessionOptions) {
    const { link, limits, clock, peer, encoding } = options;
    this.clock = clock;
    this.limits = limits;
    this.peer = peer;
    this.peerLimits = peer.limits;
    this.encoding = encoding;
    this.info = link.info;
    this.utf8 = link.utf8;
    this.isStructured = encoding.kind === "structured";
    this.#link = link;
    this.#turns = new LinkTurns(link);
    this.budget = new MemoryBudget(limits);
    this.sending = sendContext(peer.limits, limits.maxBuffered, this.utf8, this.isStructured);
    this.#table = new CallTable(options.role, options.highestCallId);
    this.#outgoing = new OutgoingCalls(this, this.#table, options.epoch);
    this.#abuse = new AbuseMeter(limits.abuseRate);
    this.#pings = new Pings(clock);
    this.#done = new DoneNotices(clock, (calls) =>
      this.control({ type: FrameType.DONE, call: 0, rest: false, calls }),
    );
    this.#incoming = new IncomingCalls(this, this.#table, options.serve(this), peer.epoch, () =>
      this.#rest.notice(),
    );
    this.#router = new CallRouter(this.#table, this.#incoming, () => this.abused());
    link.receive(this);
  }

  get state(): SessionState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state.name === "closed";
  }

  /** Calls of both sides that are not over. */
  get openCalls(): number {
    return this.#table.size;
  }

  /** Whether a call of this side runs or waits. */
  get isCalling(): boolean {
    return !this.#outgoing.isIdle;
  }

  /** Handlers that run for the peer. */
  get runningHandlers(): number {
    return this.#incoming.running;
  }

  /** Bytes written and not known to have arrived. */
  get keptBytes(): number {
    return this.sending.budget.bytes;
  }

  /**
   * Opens a call, or queues it until the peer has room.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED` if the queue is full; `UNAVAILABLE` when the session drains or is over
   */
  open(request: OpenRequest, end: CallEnd): OutgoingCall {
    return this.#outgoing.open(request, end);
  }

  /** Asks the peer for a sign of life. Resolves with the round trip in ms; rejects when the session ends. */
  ping(): Promise<number> {
    if (this.#state.name === "closed") return Promise.reject(this.#state.error);
    return this.#pings.ping((nonce) => this.control({ type: FrameType.PING, call: 0, answer: false, nonce }));
  }

  /** Takes no new calls from the peer; resolves when those of both sides have ended, or the session is over. */
  drain(grace: number, retry = 0): Promise<void> {
    if (this.isOver) return Promise.resolve();
    if (!isDrained(this.#state, "ours")) {
      this.#moveTo(drained(this.#state, "ours"));
      this.#incoming.refuse();
      this.control({ type: FrameType.DRAIN, call: 0, grace, retry });
    }
    return this.#rest.whenIdle();
  }

  /** Stops the calls that this side has opened; resolves when all of them have ended. */
  stop(): Promise<void> {
    this.#outgoing.cancelWaiting();
    for (const call of this.#table.all()) if (call instanceof OutgoingCall) call.stop();
    return this.#rest.whenDone();
  }

  /** Resolves when no handler runs any more. */
  whenSettled(): Promise<void> {
    return this.#rest.whenSettled();
  }

  /** Ends the session: tells the peer, fails the calls of both sides with `error`. Idempotent. */
  close(error: SluiceError): void {
    if (this.isOver) return;
    const { code, message } = error;
    this.#link.send({ type: FrameType.CLOSE, call: 0, code, reason: message.slice(0, 1000) });
    this.#end(error, "shutdown");
    this.#closeLink();
  }

  frame(frame: Frame): void {
    if (this.isOver) return;
    try {
      if (!this.#router.route(frame)) this.#routeOwn(frame);
    } catch (reason) {
      this.close(asSessionEnd(reason));
    }
  }

  malformed(error: SluiceError): void {
    this.close(error);
  }

  flushing(): void {
    this.#done.flush();
  }

  writable(): void {
    this.#turns.pump();
  }

  closed(error: SluiceError | undefined): void {
    this.#linger?.cancel();
    if (this.isOver) return;
    const cause = error === undefined ? {} : { cause: error };
    this.#end(
      new SluiceError("UNAVAILABLE", `The link to ${this.peer.name} was lost`, cause),
      "disconnected",
    );
  }

  get freeLink(): Link | undefined {
    return this.#turns.freeLink;
  }

  control(frame: Frame): void {
    if (!this.isOver) this.#link.send(frame);
  }

  ready(call: SessionCall): void {
    this.#turns.add(call);
  }

  register(call: OutgoingCall): void {
    this.#table.add(call);
  }

  over(call: SessionCall): void {
    this.#turns.remove(call);
    this.#table.remove(call.id);
    if (call instanceof OutgoingCall) this.#outgoing.over(call);
    this.#rest.notice();
  }

  putBack(call: OutgoingCall): void {
    this.#turns.remove(call);
    // What its first OPEN overdrew must not let the OPENs of later calls, whose ids are higher, pass its next one.
    call.turnCredit = 0;
    this.#table.remove(call.id);
    this.#outgoing.putBack(call);
  }

  idsUsedUp(): void {
    this.listener.idsUsedUp?.();
  }

  owesDone(id: number): void {
    this.#done.owe(id);
  }

  abused(): void {
    if (!this.#abuse.count(this.clock.now())) return;
    const { events, perMs } = this.limits.abuseRate;
    const what = `more than ${events} calls refused or aborted, or frames without effect, in ${perMs} ms`;
    throw new SluiceError("ENHANCE_YOUR_CALM", `The peer caused ${what} (limits.abuseRate)`);
  }

  /** Frames of no call. */
  #routeOwn(frame: Frame): void {
    switch (frame.type) {
      case FrameType.PING:
        if (!frame.answer) this.control({ ...frame, answer: true });
        else if (!this.#pings.answered(frame.nonce)) this.abused();
        break;
      case FrameType.DRAIN:
        this.#onDrain(frame.grace, frame.retry);
        break;
      case FrameType.CLOSE:
        this.#onClose(frame);
        break;
      default:
        throw malformed(`frame type ${frame.type} does not belong here`);
    }
  }

  #onDrain(grace: number, retry: number): void {
    if (isDrained(this.#state, "theirs")) return;
    this.#moveTo(drained(this.#state, "theirs"));
    this.#outgoing.refuse(
      new SluiceError("UNAVAILABLE", `${this.peer.name} is draining`, { origin: "remote", processed: "no" }),
    );
    this.listener.draining?.(grace, retry);
  }

  #onClose(frame: CloseFrame): void {
    this.#end(closedByPeer(this.peer.name, frame), "disconnected");
    this.#closeLink();
  }

  /** Gives the link time to send what it has. It may be over at once, or linger. */
  #closeLink(): void {
    this.#linger = this.clock.setTimer(lingerMs, () => this.#link.destroy(), { background: true });
    this.#link.close();
  }

  #end(error: SluiceError, cause: "disconnected" | "shutdown"): void {
    this.#moveTo({ name: "closed", error });
    this.#done.dispose();
    this.#turns.clear();
    this.#outgoing.refuse(error);
    for (const call of this.#table.clear()) call.lost(error, cause);
    this.#pings.fail(error);
    this.#rest.notice();
    this.listener.closed?.(error);
  }

  #moveTo(state: SessionState): void {
    if (!legalMoves[this.#state.name].includes(state.name)) {
      throw new TypeError(`A session cannot go from ${this.#state.name} to ${state.name}`);
    }
    this.#state = state;
  }
}
