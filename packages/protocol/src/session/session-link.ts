/**
 * The link that a session has at the moment: who sends next over it, whether it is alive, and how one after the other is let go.
 *
 * Spec: docs/wire.md §4.7, §4.10, §4.11.
 */
import type { Timer } from "../clock.ts";
import type { SluiceError } from "../errors/sluice-error.ts";
import { type Frame, FrameType, type PingFrame } from "../frame/frame.ts";
import type { Link, LinkReceiver } from "../link/link.ts";
import { agreedHeartbeat } from "./agreed-heartbeat.ts";
import type { SessionCall } from "./call-host.ts";
import { Heartbeat, type HeartbeatOptions } from "./heartbeat.ts";
import { Pings } from "./pings.ts";
import type { SessionOptions } from "./session-options.ts";
import type { MissingMessages } from "./stall-watch.ts";
import { Turns } from "./turns.ts";

/** How long a link that was closed may linger before it is cut, ms. */
const lingerMs = 5_000;

/** Takes what a link brings that nobody listens to any more. */
const silence: LinkReceiver = { frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} };

export class SessionLink {
  readonly #options: HeartbeatOptions;
  readonly #pings: Pings;
  readonly #turns = new Turns<SessionCall>();
  #link: Link | undefined;
  #heartbeat: Heartbeat | undefined;
  #linger: Timer | undefined;

  /** @param endStalled as {@link MissingMessages.endStalled} */
  constructor({ clock, limits, peer }: SessionOptions, endStalled: MissingMessages["endStalled"]) {
    this.#options = {
      clock,
      ...agreedHeartbeat(limits, peer.heartbeat),
      stallTimeout: limits.stallTimeout,
      calls: { endStalled },
      ping: () => void this.ping().catch(ignore),
    };
    this.#pings = new Pings(clock);
  }

  /** Whether there is none. */
  get isLost(): boolean {
    return this.#link === undefined;
  }

  /** The link while it has room and nobody waits for a turn. */
  get freeLink(): Link | undefined {
    const link = this.#link;
    return link !== undefined && this.#turns.isEmpty && link.room > 0 ? link : undefined;
  }

  /** Takes `link` for the time to come; there is none. */
  attach(link: Link): void {
    this.#link = link;
    this.#heartbeat = new Heartbeat(link, this.#options);
  }

  /** Something has arrived over it. */
  arrived(): void {
    this.#heartbeat?.arrived();
  }

  /** The link is over. */
  lost(): void {
    this.#linger?.cancel();
    this.#leave();
  }

  /** Sends `frame`, ahead of data. Without a link it goes nowhere. */
  send(frame: Frame): void {
    this.#link?.send(frame);
  }

  /** Asks for a sign of life. Resolves with the round trip in ms. */
  ping(): Promise<number> {
    return this.#pings.ping((nonce) => this.send({ type: FrameType.PING, call: 0, answer: false, nonce }));
  }

  /** A sign of life was asked for, or given. Returns whether that makes sense. */
  pinged(frame: PingFrame): boolean {
    if (frame.answer) return this.#pings.answered(frame.nonce);
    this.send({ ...frame, answer: true });
    return true;
  }

  /** No sign of life will come: the link is lost by `error`. */
  failPings(error: SluiceError): void {
    this.#pings.fail(error);
  }

  /** Tells the peer why, and lets the link go; it may be over at once, or linger. It still tells its receiver when it is over. */
  close(error: SluiceError): void {
    this.send(closeFrame(error));
    this.letGo();
  }

  /** Lets the link go, with time to send what it has. */
  letGo(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#leave();
    this.#linger = this.#options.clock.setTimer(lingerMs, () => link.destroy(), { background: true });
    link.close();
  }

  /** Leaves the link, which tells nothing any more. `error`: what its peer is told, if anything. */
  abandon(error?: SluiceError): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#leave();
    const linger = this.#options.clock.setTimer(lingerMs, () => link.destroy(), { background: true });
    link.receive({ ...silence, closed: () => linger.cancel() });
    if (error !== undefined) link.send(closeFrame(error));
    link.close();
  }

  /** `call` has something to send. */
  add(call: SessionCall): void {
    this.#turns.add(call);
    this.pump();
  }

  /** `call` has nothing to send any more; what it overdrew stays with it. */
  remove(call: SessionCall): void {
    this.#turns.remove(call);
  }

  /** Gives turns while there is room. */
  pump(): void {
    const link = this.#link;
    while (link !== undefined && link === this.#link && link.room > 0) {
      const call = this.#turns.next();
      if (call === undefined) return;
      const spent = call.takeTurn(link, call.turnCredit);
      this.#turns.spent(call, spent, call.hasWork);
    }
  }

  #leave(): void {
    this.#link = undefined;
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    this.#turns.clear();
  }
}

function closeFrame({ code, message }: SluiceError): Frame {
  return { type: FrameType.CLOSE, call: 0, code, reason: message.slice(0, 1000) };
}

function ignore(): void {}
