/**
 * What two neighbours keep: the calls of both, who may send next, and when it all ends.
 *
 * Here frames find their calls; what a call does with them is in outgoing-call.ts and incoming-call.ts. Spec: docs/wire.md §3, §4.
 */
import type { Clock, Timer } from "../clock.ts";
import type { Encoding } from "../codec/slot.ts";
import { remoteError, SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import { type CloseFrame, type Frame, FrameType } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link, LinkInfo, LinkReceiver } from "../link/link.ts";
import { AbuseMeter } from "./abuse-meter.ts";
import type { CallHost, PeerLimits, SessionCall } from "./call-host.ts";
import { CallTable } from "./call-table.ts";
import { DoneNotices } from "./done-notices.ts";
import type { PeerInfo } from "./handshake.ts";
import type { CallAcceptor, IncomingCall } from "./incoming-call.ts";
import { IncomingCalls } from "./incoming-calls.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { SendContext } from "./outbox.ts";
import { type CallEnd, type OpenRequest, OutgoingCall } from "./outgoing-call.ts";
import { OutgoingCalls } from "./outgoing-calls.ts";
import { Pings } from "./pings.ts";
import { SendBudget } from "./send-budget.ts";
import { legalMoves, type SessionState } from "./session-state.ts";
import { Turns } from "./turns.ts";

/** How long a link that was closed may linger before it is cut, ms. */
const lingerMs = 5_000;

export interface SessionOptions {
  readonly role: "connector" | "acceptor";
  /** The session takes it over. */
  readonly link: Link;
  readonly peer: PeerInfo;
  /** This side's epoch: 16 hex digits. */
  readonly epoch: string;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly encoding: Encoding;
  /** Makes what serves the peer's calls. */
  serve(session: Session): CallAcceptor;
}

/** What happens to a session that its owner may want to know. */
export interface SessionListener {
  /** The peer takes no new calls; it closes within `grace` ms. */
  draining?(grace: number, retry: number): void;
  /** The session is over: once. */
  closed?(error: SluiceError): void;
}

export class Session implements CallHost, LinkReceiver {
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
  readonly #turns = new Turns<SessionCall>();
  readonly #done: DoneNotices;
  readonly #abuse: AbuseMeter;
  readonly #pings: Pings;
  #state: SessionState = { name: "open" };
  /** Who waits until no call is left; until none of this side's is. */
  #whenIdle: (() => void)[] = [];
  #whenDone: (() => void)[] = [];
  #whenSettled: (() => void)[] = [];
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
    this.budget = new MemoryBudget(limits);
    this.sending = {
      budget: new SendBudget(limits.maxBuffered),
      utf8: this.utf8,
      isStructured: this.isStructured,
      resultAllowance: peer.limits.floor,
      maxMessage: peer.limits.maxMessage,
    };
    this.#table = new CallTable(options.role);
    this.#outgoing = new OutgoingCalls(this, this.#table, options.epoch);

    this.#abuse = new AbuseMeter(limits.abuseRate);
    this.#pings = new Pings(clock);
    this.#done = new DoneNotices(clock, (calls) =>
      this.#send({ type: FrameType.DONE, call: 0, rest: false, calls }),
    );
    this.#incoming = new IncomingCalls(this, this.#table, options.serve(this), peer.epoch, () =>
      this.#noticeIdle(),
    );
    link.receive(this);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Calls of both sides that are not over. */
  get openCalls(): number {
    return this.#table.size;
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
    if (this.#state.name === "closed") return Promise.resolve();
    if (this.#state.name === "open" || !this.#state.ours) {
      this.#moveTo({
        name: "draining",
        ours: true,
        theirs: this.#state.name === "draining" && this.#state.theirs,
      });
      this.#incoming.refuse();
      this.control({ type: FrameType.DRAIN, call: 0, grace, retry });
    }
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#noticeIdle();
    });
  }

  /** Stops the calls that this side has opened; resolves when all of them have ended. */
  stop(): Promise<void> {
    this.#outgoing.cancelWaiting();
    for (const call of this.#table.all()) if (call instanceof OutgoingCall) call.stop();
    return new Promise((resolve) => {
      this.#whenDone.push(resolve);
      this.#noticeIdle();
    });
  }

  /** Resolves when no handler runs any more. */
  whenSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenSettled.push(resolve);
      this.#noticeIdle();
    });
  }

  /** Ends the session: tells the peer, fails the calls of both sides with `error`. Idempotent. */
  close(error: SluiceError): void {
    if (this.#state.name === "closed") return;
    this.#link.send({
      type: FrameType.CLOSE,
      call: 0,
      code: error.code,
      reason: error.message.slice(0, 1000),
    });
    this.#end(error, "shutdown");
    this.#closeLink();
  }

  // ── Link receiver ────────────────────────────────────────────────────────────────────────────────────────────────

  frame(frame: Frame): void {
    if (this.#state.name === "closed") return;
    try {
      this.#route(frame);
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
    this.#pump();
  }

  closed(error: SluiceError | undefined): void {
    this.#linger?.cancel();
    if (this.#state.name === "closed") return;
    const cause = error === undefined ? {} : { cause: error };
    this.#end(
      new SluiceError("UNAVAILABLE", `The link to ${this.peer.name} was lost`, cause),
      "disconnected",
    );
  }

  // ── Call host ────────────────────────────────────────────────────────────────────────────────────────────────────

  get freeLink(): Link | undefined {
    return this.#turns.isEmpty && this.#link.room > 0 ? this.#link : undefined;
  }

  control(frame: Frame): void {
    this.#send(frame);
  }

  ready(call: SessionCall): void {
    this.#turns.add(call);
    this.#pump();
  }

  register(call: OutgoingCall): void {
    this.#table.add(call);
  }

  over(call: SessionCall): void {
    this.#turns.remove(call);
    this.#table.remove(call.id);
    if (call instanceof OutgoingCall) this.#outgoing.over(call);
    this.#noticeIdle();
  }

  putBack(call: OutgoingCall): void {
    this.#turns.remove(call);
    // What its first OPEN overdrew must not let the OPENs of later calls, whose ids are higher, pass its next one.
    call.turnCredit = 0;
    this.#table.remove(call.id);
    this.#outgoing.putBack(call);
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

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #route(frame: Frame): void {
    switch (frame.type) {
      case FrameType.DATA:
      case FrameType.RESULT:
        this.#find(frame.call)?.onData(frame);
        break;
      case FrameType.CREDIT:
        this.#find(frame.call)?.onCredit(frame);
        break;
      case FrameType.OPEN:
        this.#incoming.onOpen(frame, (call) => this.#table.add(call));
        break;
      case FrameType.DONE:
        for (const id of frame.calls) this.#onDone(id);
        break;
      case FrameType.END:
        this.#find(frame.call)?.onEnd(frame);
        break;
      case FrameType.ERROR:
        this.#ofOwn(frame.call, "ERROR")?.onError(frame);
        break;
      case FrameType.CANCEL:
        this.#ofPeer(frame.call, "CANCEL")?.onCancel(frame);
        break;
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

  #find(id: number): OutgoingCall | IncomingCall | undefined {
    const call = this.#table.get(id);
    if (call !== undefined) return call;
    this.#table.checkOver(id);
    if (!this.#incoming.wasRefused(id)) this.abused();
    return undefined;
  }

  #ofOwn(id: number, name: string): OutgoingCall | undefined {
    const call = this.#find(id);
    if (call === undefined || call instanceof OutgoingCall) return call;
    throw malformed(`${name} for call ${id} from its caller`);
  }

  #ofPeer(id: number, name: string): IncomingCall | undefined {
    const call = this.#find(id);
    if (call === undefined || !(call instanceof OutgoingCall)) return call;
    throw malformed(`${name} for call ${id} from its callee`);
  }

  #onDone(id: number): void {
    const call = this.#table.get(id);
    this.#incoming.onDone(id);
    if (call === undefined) this.#table.checkOver(id);
    else if (call instanceof OutgoingCall) throw malformed(`DONE for call ${id} from its callee`);
    else call.onDone();
  }

  #onDrain(grace: number, retry: number): void {
    if (this.#state.name === "draining" && this.#state.theirs) return;
    this.#moveTo({
      name: "draining",
      ours: this.#state.name === "draining" && this.#state.ours,
      theirs: true,
    });
    this.#outgoing.refuse(
      new SluiceError("UNAVAILABLE", `${this.peer.name} is draining`, { origin: "remote", processed: "no" }),
    );
    this.listener.draining?.(grace, retry);
  }

  #onClose({ code, reason }: CloseFrame): void {
    // A peer that simply leaves cancels nothing here.
    const known = code === "CANCELLED" ? "UNAVAILABLE" : code;
    this.#end(
      remoteError(known, `${this.peer.name} closed the session: ${reason || code}`, {}, false),
      "disconnected",
    );
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
    this.#noticeIdle();
    this.listener.closed?.(error);
  }

  #send(frame: Frame): void {
    if (this.#state.name !== "closed") this.#link.send(frame);
  }

  #pump(): void {
    while (this.#link.room > 0) {
      const call = this.#turns.next();
      if (call === undefined) return;
      const spent = call.takeTurn(this.#link, call.turnCredit);
      this.#turns.spent(call, spent, call.hasWork);
    }
  }

  #noticeIdle(): void {
    const isOver = this.#state.name === "closed";
    if (this.#incoming.running === 0) this.#whenSettled = wake(this.#whenSettled);
    if (!isOver && !this.#outgoing.isIdle) return;
    this.#whenDone = wake(this.#whenDone);
    if (isOver || (this.#table.size === 0 && this.#incoming.running === 0))
      this.#whenIdle = wake(this.#whenIdle);
  }

  #moveTo(state: SessionState): void {
    if (!legalMoves[this.#state.name].includes(state.name)) {
      throw new TypeError(`A session cannot go from ${this.#state.name} to ${state.name}`);
    }
    this.#state = state;
  }
}

/** What ended the session, as the peer may know it: faults of this side's own code stay home. */
function asSessionEnd(reason: unknown): SluiceError {
  if (SluiceError.is(reason)) return reason;
  return new SluiceError("INTERNAL", "A fault in this peer ended the session", { cause: reason });
}

function wake(waiting: (() => void)[]): (() => void)[] {
  if (waiting.length === 0) return waiting;
  for (const resolve of waiting) resolve();
  return [];
}
