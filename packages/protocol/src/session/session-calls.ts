/**
 * The calls of both sides of a session: frames find them here, and here is what they use of the session.
 *
 * What a call does with a frame is in outgoing-call.ts and incoming-call.ts. Spec: docs/wire.md §3, §4.
 */
import type { Clock } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link } from "../link/link.ts";
import { AbuseMeter } from "./abuse-meter.ts";
import type { CallEnd } from "./call-end.ts";
import type { CallHost, PeerLimits, SessionCall } from "./call-host.ts";
import { CallRouter } from "./call-router.ts";
import { CallTable } from "./call-table.ts";
import { DoneNotices } from "./done-notices.ts";
import type { HandlerSlot } from "./handler-slot.ts";
import type { IncomingCall } from "./incoming-call.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { OpenRequest } from "./open-frame.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import { OutgoingCalls } from "./outgoing-calls.ts";
import type { MakePeerCalls, PeerCalls } from "./peer-calls.ts";
import { ResumeMeter } from "./resume-meter.ts";
import { type SendContext, sendContext } from "./send-context.ts";
import type { SessionLink } from "./session-link.ts";
import type { SessionOptions } from "./session-options.ts";
import type { MissingMessages } from "./stall-watch.ts";

/** What calls tell their session. */
export interface SessionCallsOwner {
  /** A call has ended, or a handler has settled. */
  rested(): void;
  /** No id is left for another call of this side. */
  idsUsedUp(): void;
}

export class SessionCalls implements CallHost, MissingMessages {
  readonly clock: Clock;
  readonly limits: ResolvedLimits;
  readonly peerLimits: PeerLimits;
  readonly utf8: Utf8;
  readonly isStructured: boolean;
  readonly budget: MemoryBudget;
  readonly sending: SendContext;
  readonly router: CallRouter;
  readonly #owner: SessionCallsOwner;
  readonly #link: SessionLink;
  readonly #table: CallTable<OutgoingCall | IncomingCall>;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: PeerCalls;
  readonly #done: DoneNotices;
  readonly #abuse: AbuseMeter;
  readonly #resumes: ResumeMeter;
  #isOver = false;

  constructor(
    { link, limits, clock, peer, encoding, role, highestCallId, epoch }: SessionOptions,
    makePeerCalls: MakePeerCalls,
    sessionLink: SessionLink,
    owner: SessionCallsOwner,
  ) {
    this.clock = clock;
    this.limits = limits;
    this.peerLimits = peer.limits;
    this.utf8 = link.utf8;
    this.isStructured = encoding.kind === "structured";
    this.budget = new MemoryBudget(limits);
    this.sending = sendContext(peer.limits, limits.maxBuffered, this.utf8, this.isStructured);
    this.#owner = owner;
    this.#link = sessionLink;
    this.#table = new CallTable(role, highestCallId);
    this.#outgoing = new OutgoingCalls(this, this.#table, epoch);
    this.#incoming = makePeerCalls(this, this.#table, peer.epoch, () => owner.rested());
    this.#abuse = new AbuseMeter(limits.abuseRate);
    this.#resumes = new ResumeMeter(limits.maxBuffered);
    this.#done = new DoneNotices(clock, (calls) =>
      this.control({ type: FrameType.DONE, call: 0, rest: false, calls }),
    );
    this.router = new CallRouter(this.#table, this.#incoming, () => this.abused());
  }

  /** Those of both sides that are not over. */
  get open(): number {
    return this.#table.size + this.#outgoing.detached + this.#incoming.detached;
  }

  /** Whether one of this side runs or waits. */
  get isCalling(): boolean {
    return !this.#outgoing.isIdle;
  }

  /** Handlers that run for the peer. */
  get runningHandlers(): number {
    return this.#incoming.running;
  }

  /** As {@link PeerCalls.handlers}. */
  get handlers(): readonly HandlerSlot[] {
    return this.#incoming.handlers;
  }

  /** As {@link OutgoingCalls.open}. */
  call(request: OpenRequest, end: CallEnd): OutgoingCall {
    return this.#outgoing.open(request, end);
  }

  /** Takes no new calls from the peer. */
  refuseIncoming(): void {
    this.#incoming.refuse();
  }

  /** Opens no new calls; those that wait fail with `error`, also for their turn: the peer hears of none of them any more. */
  refuseOutgoing(error: SluiceError): void {
    this.#outgoing.refuse(error);
    for (const call of this.#table.all())
      if (call instanceof OutgoingCall && call.neverLeft) call.lost(error);
  }

  /** Stops those that this side has opened. */
  stop(): void {
    this.#outgoing.cancelWaiting();
    for (const call of this.#table.all()) if (call instanceof OutgoingCall) call.stop();
  }

  /** The last moment to add to a write. */
  flushing(): void {
    this.#done.flush();
  }

  /** The link is lost: those that are wanted wait for another one. */
  detach(): void {
    this.#done.dispose();
    const calls = this.#table.clear();
    this.#incoming.detach(calls.filter((call): call is IncomingCall => !(call instanceof OutgoingCall)));
    this.#outgoing.detach(calls.filter((call) => call instanceof OutgoingCall));
  }

  /** Ends those of this side that may be made elsewhere. */
  handOver(error: SluiceError): void {
    this.#outgoing.handOver(error);
  }

  /** There is another link. */
  attach(): void {
    this.#outgoing.attach();
  }

  /** The peer wants to go on over another link. @throws {SluiceError} as {@link abused}, unless something has come of the one before */
  claimed(): void {
    const calls = [...this.#table.all(), ...this.#incoming.detachedCalls, ...this.#outgoing.detachedCalls];
    let arrived = this.#incoming.opened + this.#outgoing.opened;
    for (const { data } of calls) arrived += data.intake?.window.received ?? 0;
    const { confirmed, repeated } = this.sending.budget;
    if (!this.#resumes.getsOn({ arrived, confirmed, repeated })) this.abused();
  }

  /** As {@link MissingMessages.endStalled}. Looks at no call while no memory is reserved. */
  endStalled(before: number, from: number): number {
    let next = Number.POSITIVE_INFINITY;
    if (!this.budget.isReserved) return next;
    for (const { data } of this.#table.all()) {
      const since = Math.max(data.missingSince ?? Number.POSITIVE_INFINITY, from);
      if (since > before) next = Math.min(next, since);
      else data.stalled(stalledMessage(this.limits.stallTimeout));
    }
    return next;
  }

  /** All end. `shutdown`: this side has ended the session. */
  end(error: SluiceError, cause: "disconnected" | "shutdown"): void {
    this.#isOver = true;
    this.#done.dispose();
    this.#outgoing.refuse(error);
    for (const call of this.#table.clear()) call.lost(error, cause);
    this.#outgoing.lost(error);
    this.#incoming.lost(error, cause);
  }

  // ── What a call uses ─────────────────────────────────────────────────────────────────────────────────────────────

  get isDetached(): boolean {
    return this.#link.isLost;
  }

  get freeLink(): Link | undefined {
    return this.#link.freeLink;
  }

  control(frame: Frame): void {
    if (!this.#isOver) this.#link.send(frame);
  }

  ready(call: SessionCall): void {
    this.#link.add(call);
  }

  register(call: OutgoingCall | IncomingCall): void {
    this.#table.add(call);
  }

  openSent(call: OutgoingCall): void {
    this.#outgoing.sent(call);
  }

  over(call: SessionCall): void {
    this.#link.remove(call);
    this.#table.remove(call.id);
    if (call instanceof OutgoingCall) this.#outgoing.over(call);
    else this.#incoming.over(call as IncomingCall);
    this.#owner.rested();
  }

  putBack(call: OutgoingCall): void {
    this.#link.remove(call);
    // What its first OPEN overdrew must not let the OPENs of later calls, whose ids are higher, pass its next one.
    call.turnCredit = 0;
    this.#table.remove(call.id);
    this.#outgoing.putBack(call);
  }

  idsUsedUp(): void {
    this.#owner.idsUsedUp();
  }

  owesDone(id: number): void {
    this.#done.owe(id);
  }

  abused(): void {
    if (!this.#abuse.count(this.clock.now())) return;
    const { events, perMs } = this.limits.abuseRate;
    const what = `more than ${events} calls refused or aborted, resumes in vain or frames without effect, in ${perMs} ms`;
    throw new SluiceError("ENHANCE_YOUR_CALM", `The peer caused ${what} (limits.abuseRate)`);
  }
}

function stalledMessage(ms: number): SluiceError {
  const message = `Nothing came for ${ms} ms of a message that memory is reserved for (stallTimeout)`;
  return new SluiceError("RESOURCE_EXHAUSTED", message);
}
