/**
 * What two neighbours keep over several links in a row: who they are, the calls of both, and when it all ends.
 *
 * Its life is here; its calls are in session-calls.ts, its link in session-link.ts. Spec: docs/wire.md §3, §4.7, §4.15, §6.
 */
import type { Clock, Timer } from "../clock.ts";
import type { Encoding } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import { type CloseFrame, type Frame, FrameType } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link, LinkInfo, LinkReceiver } from "../link/link.ts";
import type { CallEnd } from "./call-end.ts";
import type { PeerLimits } from "./call-host.ts";
import type { CallRouter } from "./call-router.ts";
import { DrainNotice } from "./drain-notice.ts";
import type { HandlerSlot } from "./handler-slot.ts";
import type { PeerInfo, SessionTicket } from "./handshake.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { OpenRequest } from "./open-frame.ts";
import type { OutgoingCall } from "./outgoing-call.ts";
import { SessionCalls } from "./session-calls.ts";
import { asSessionEnd, closedByPeer, linkLost, sessionLost, takenOver } from "./session-error.ts";
import { SessionLink } from "./session-link.ts";
import type { SessionListener, SessionOptions } from "./session-options.ts";
import { type Activity, SessionRest } from "./session-rest.ts";
import { SessionStage, type SessionState } from "./session-state.ts";

export class Session implements LinkReceiver, Activity {
  readonly clock: Clock;
  readonly limits: ResolvedLimits;
  readonly peer: PeerInfo;
  readonly peerLimits: PeerLimits;
  readonly encoding: Encoding;
  /** How its links turn text into bytes. */
  readonly utf8: Utf8;
  /** Of the newest link. */
  info: LinkInfo;
  listener: SessionListener = {};
  /** What the connector shows to find the session again. */
  ticket: SessionTicket | undefined;
  /** Who waits until nothing of it goes on. */
  readonly rest: SessionRest = new SessionRest(this);
  readonly #graceMs: number;
  readonly #link: SessionLink;
  readonly #calls: SessionCalls;
  readonly #router: CallRouter;
  readonly #stage = new SessionStage();
  /** What the peer is told, since this side drains. */
  #drain: DrainNotice | undefined;
  #grace: Timer | undefined;

  constructor(options: SessionOptions) {
    const { link, limits, clock, peer, encoding, graceMs = 0 } = options;
    this.clock = clock;
    this.limits = limits;
    this.peer = peer;
    this.peerLimits = peer.limits;
    this.encoding = encoding;
    this.utf8 = link.utf8;
    this.info = link.info;
    this.#graceMs = graceMs;
    this.#link = new SessionLink(options, (before, from) => this.#calls.endStalled(before, from));
    this.#calls = new SessionCalls(options, options.peerCalls(this), this.#link, {
      rested: () => this.rest.notice(),
      idsUsedUp: () => this.listener.idsUsedUp?.(),
    });
    this.#router = this.#calls.router;
    this.#link.attach(link);
    link.receive(this);
  }

  get state(): SessionState {
    return this.#stage.state;
  }

  get isOver(): boolean {
    return this.#stage.state.name === "closed";
  }

  /** Whether there is no link, and the peer is awaited over another one. */
  get isDetached(): boolean {
    return this.#stage.state.name === "detached";
  }

  /** What the calls that are received buffer. */
  get budget(): MemoryBudget {
    return this.#calls.budget;
  }

  /** Calls of both sides that are not over. */
  get openCalls(): number {
    return this.#calls.open;
  }

  /** Whether a call of this side runs or waits. */
  get isCalling(): boolean {
    return this.#calls.isCalling;
  }

  /** Handlers that run for the peer. */
  get runningHandlers(): number {
    return this.#calls.runningHandlers;
  }

  /** Which they are, also those whose calls are over. */
  get handlers(): readonly HandlerSlot[] {
    return this.#calls.handlers;
  }

  /** Bytes written and not known to have arrived. */
  get keptBytes(): number {
    return this.#calls.sending.budget.bytes;
  }

  /**
   * Opens a call, or queues it until the peer has room.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED` if the queue is full; `UNAVAILABLE` when the session drains or is over
   */
  open(request: OpenRequest, end: CallEnd): OutgoingCall {
    return this.#calls.call(request, end);
  }

  /** Asks the peer for a sign of life. Resolves with the round trip in ms; rejects when the link is lost or the session ends. */
  ping(): Promise<number> {
    const { error } = this.#stage;
    return error === undefined ? this.#link.ping() : Promise.reject(error);
  }

  /** Takes no new calls from the peer; resolves when it has heard that and the calls of both sides have ended, or the session is over. */
  drain(grace: number, retry = 0): Promise<void> {
    if (this.isOver) return Promise.resolve();
    if (this.#drain === undefined) {
      this.#stage.drain("ours");
      this.#calls.refuseIncoming();
      this.#drain = new DrainNotice(this.clock, grace, retry);
      this.#sayDrain();
    }
    return this.#drain.over(this.rest);
  }

  /** Stops the calls that this side has opened; resolves when all of them have ended. */
  stop(): Promise<void> {
    this.#calls.stop();
    return this.rest.whenDone();
  }

  /** Ends the calls of this side that may be made at another peer, with `error`; others go on waiting. */
  handOver(error: SluiceError): void {
    this.#calls.handOver(error);
  }

  /** The peer wants to go on over another link. @throws {SluiceError} `ENHANCE_YOUR_CALM` if it wants that too often */
  claimed(): void {
    this.#calls.claimed();
  }

  /**
   * Goes on over `link`, which has shaken hands for it: with the calls of both sides, from where the other has received. The newest
   * link wins: a former one is told so.
   * @throws {SluiceError} what ended the session, if it is over
   */
  attach(link: Link): void {
    if (this.#stage.state.name === "closed") throw this.#stage.state.error;
    if (this.#stage.state.name !== "detached") {
      this.#link.abandon(takenOver());
      this.#detach(takenOver());
    }
    this.#grace?.cancel();
    this.info = link.info;
    this.#stage.attach();
    this.#link.attach(link);
    link.receive(this);
    this.#sayDrain();
    this.#calls.attach();
    this.listener.attached?.();
  }

  /** Leaves the link, because of `error`: the peer shall come back over another one. */
  relink(error: SluiceError): void {
    if (this.#stage.error !== undefined) return;
    this.#link.abandon();
    this.#lost(error);
  }

  /** Ends the session: tells the peer, fails the calls of both sides with `error`. Idempotent. */
  close(error: SluiceError): void {
    if (this.isOver) return;
    this.#end(error, "shutdown");
    this.#link.close(error);
  }

  /** Ends the session, whose peer is lost for good: fails the calls of both sides with `error`. Idempotent. */
  lose(error: SluiceError): void {
    if (this.isOver) return;
    this.#end(error, "disconnected");
    this.#link.letGo();
  }

  frame(frame: Frame): void {
    if (this.isOver) return;
    try {
      if (!this.#router.route(frame)) this.#routeOwn(frame);
    } catch (reason) {
      this.close(asSessionEnd(reason));
    }
  }

  arrived(): void {
    this.#link.arrived();
  }

  malformed(error: SluiceError): void {
    this.close(error);
  }

  flushing(): void {
    this.#calls.flushing();
  }

  // Nobody is behind a carrier who could catch anything.
  writable(): void {
    try {
      this.#link.pump();
    } catch (reason) {
      this.close(asSessionEnd(reason));
    }
  }

  closed(cause: SluiceError | undefined): void {
    this.#link.lost();
    if (this.isOver) return;
    this.#lost(linkLost(this.peer.name, cause));
  }

  /** Frames of no call. */
  #routeOwn(frame: Frame): void {
    switch (frame.type) {
      case FrameType.PING:
        if (!this.#link.pinged(frame)) this.#calls.abused();
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

  #sayDrain(): void {
    this.#drain?.say(this.#link, () => this.ping());
  }

  #onDrain(grace: number, retry: number): void {
    if (this.#stage.isDrained("theirs")) return;
    this.#stage.drain("theirs", retry);
    this.#calls.refuseOutgoing(
      new SluiceError("UNAVAILABLE", `${this.peer.name} is draining`, { origin: "remote", processed: "no" }),
    );
    this.listener.draining?.(grace, retry);
  }

  #onClose(frame: CloseFrame): void {
    const error = closedByPeer(this.peer.name, frame);
    const endsLinkOnly = frame.code === "SESSION_TAKEN_OVER" || frame.code === "HANDSHAKE_TIMEOUT";
    if (endsLinkOnly) this.relink(error);
    else this.lose(error);
  }

  /** The link is lost by `error`: the session waits for another one for `graceMs`, or is over. */
  #lost(error: SluiceError): void {
    if (this.#graceMs === 0) this.#end(error, "disconnected");
    else {
      this.#detach(error);
      this.listener.detached?.(error);
    }
  }

  #detach(error: SluiceError): void {
    this.#stage.detach(error);
    this.#link.failPings(error);
    this.#calls.detach();
    const lose = (): void => this.lose(sessionLost(this.peer.name, error));
    this.#grace = this.clock.setTimer(this.#graceMs, lose, { background: true });
  }

  #end(error: SluiceError, cause: "disconnected" | "shutdown"): void {
    this.#stage.close(error);
    this.#grace?.cancel();
    this.#calls.end(error, cause);
    this.#link.failPings(error);
    this.rest.notice();
    this.listener.closed?.(error);
  }
}
