/**
 * Two links joined to one: every frame that comes over one goes out over the other, under that link's call id.
 *
 * It keeps no frame: while the one has no room, the other is not read. It decodes no payload, and says nothing of its own of a call that
 * it has passed on. Where one link is lost it ends the other, and so tells both ends that the way of their calls is lost.
 * Spec: docs/wire.md §4.12.
 */
import type { Clock, Timer } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { type DoneFrame, type Frame, FrameType, type OpenFrame } from "../frame/frame.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link, LinkReceiver } from "../link/link.ts";
import { errorParts } from "../session/error-parts.ts";
import { isNoRoom } from "../session/reported-error.ts";
import { LinkCalls } from "./call-pairs.ts";
import { type CallFrame, frameUnder } from "./frame-under.ts";
import { Silence } from "./silence.ts";

/** How long a link that was closed may linger before it is cut, ms. */
const lingerMs = 5_000;
/** Calls beyond `maxCalls` that a relay takes: the callee, which knows which of them are over, is to refuse first. */
const callsAhead = 1_024;

export interface JoinedLinksOptions {
  /** `maxCalls`: how many each peer may have open · `deadAfter`: silence of both links after which they are dead, ms. */
  readonly limits: Pick<ResolvedLimits, "maxCalls" | "deadAfter">;
  readonly clock: Clock;
}

export class JoinedLinks {
  /** Resolves when both links are over. */
  readonly closed: Promise<void>;
  /** Whether a WELCOME has passed, after which there may be calls. */
  isWelcomed = false;
  readonly #ends: readonly [JoinedEnd, JoinedEnd];
  readonly #clock: Clock;
  readonly #silence: Silence;
  readonly #onClosed: () => void;
  #linger: Timer | undefined;
  #isEnding = false;

  /**
   * Takes both links over: `accepted`, whose peer connects, and `connected`, whose peer accepts.
   * @throws {TypeError} for links of two kinds
   */
  constructor(accepted: Link, connected: Link, { limits, clock }: JoinedLinksOptions) {
    if (accepted.kind !== connected.kind) {
      throw new TypeError(`Cannot join a ${accepted.kind} link with a ${connected.kind} one`);
    }
    let onClosed!: () => void;
    this.closed = new Promise((resolve) => {
      onClosed = resolve;
    });
    this.#onClosed = onClosed;
    this.#clock = clock;
    const calls = LinkCalls.pair(limits.maxCalls + callsAhead);
    const one = new JoinedEnd(this, accepted, calls.accepted);
    const other = new JoinedEnd(this, connected, calls.connected);
    one.other = other;
    other.other = one;
    this.#ends = [one, other];
    this.#silence = new Silence([accepted, connected], clock, limits.deadAfter, () => this.close());
    for (const end of this.#ends) end.link.receive(end);
  }

  /** Calls that are not over. */
  get openCalls(): number {
    return this.#ends[0].calls.size;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Ends both links, after what has been passed on. Neither peer is told that anything but its link is over. Idempotent. */
  close(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#silence.stop();
    this.#linger = this.#clock.setTimer(lingerMs, () => this.#cut(), { background: true });
    for (const end of this.#ends) end.close();
  }

  /** What came over one of the links breaks the wire's rules: its peers are told so, and their sessions end. */
  refuse({ code, message }: SluiceError): void {
    if (this.#isEnding) return;
    const reason = message.slice(0, 1000);
    for (const { link } of this.#ends) link.send({ type: FrameType.CLOSE, call: 0, code, reason });
    this.close();
  }

  /** One of the links is over. */
  lost(): void {
    this.close();
    if (!this.#ends.every((end) => end.isOver)) return;
    this.#linger?.cancel();
    this.#onClosed();
  }

  #cut(): void {
    for (const { link } of this.#ends) link.destroy();
  }
}

/** One of two joined links. */
class JoinedEnd implements LinkReceiver {
  readonly link: Link;
  readonly calls: LinkCalls;
  other!: JoinedEnd;
  isOver = false;
  readonly #joined: JoinedLinks;
  /** It is not read, because the other has no room. */
  #isPaused = false;

  constructor(joined: JoinedLinks, link: Link, calls: LinkCalls) {
    this.#joined = joined;
    this.link = link;
    this.calls = calls;
  }

  frame(frame: Frame): void {
    if (this.#joined.isEnding) return;
    try {
      this.#pass(frame);
    } catch (reason) {
      this.#joined.refuse(SluiceError.from(reason, "INTERNAL", { message: "A fault in a relay" }));
    }
  }

  malformed(error: SluiceError): void {
    this.#joined.refuse(error);
  }

  flushing(): void {}

  writable(): void {
    this.other.#read();
  }

  closed(): void {
    this.isOver = true;
    this.#joined.lost();
  }

  /** Ends it, after what was handed over. */
  close(): void {
    // Its end is behind what was not read.
    this.#read();
    if (!this.isOver) this.link.close();
  }

  /** @throws {SluiceError} `PROTOCOL_ERROR` for a call that its sender may not name */
  #pass(frame: Frame): void {
    if (!this.#joined.isWelcomed) {
      // There are no calls yet. Who speaks of one is for the ends to judge.
      if (frame.type === FrameType.WELCOME) this.#joined.isWelcomed = true;
      this.#send("payload" in frame ? frameUnder(frame.call, frame, this.link.kind) : frame);
      return;
    }
    switch (frame.type) {
      case FrameType.OPEN:
        this.#open(frame);
        break;
      case FrameType.DONE:
        this.#done(frame);
        break;
      case FrameType.HELLO:
      case FrameType.WELCOME:
      case FrameType.PING:
      case FrameType.DRAIN:
      case FrameType.CLOSE:
        this.#send(frame);
        break;
      default:
        this.#ofCall(frame);
    }
  }

  #open(frame: OpenFrame): void {
    const call = this.calls.open(frame.call);
    if (call === undefined) this.#refuseCall(frame.call);
    else this.#send(frameUnder(call.id, frame, this.link.kind));
  }

  /** Too many are open: the one thing that a relay says of a call, which nobody else knows of. */
  #refuseCall(call: number): void {
    const parts = errorParts("RESOURCE_EXHAUSTED", "Cannot take the call: too many pass this relay", {
      processed: "no",
      retryable: true,
    });
    this.link.send({ ...parts, body: { ...parts.body, origin: "relay" }, call, offset: 0 });
  }

  #ofCall(frame: CallFrame): void {
    const call = this.calls.get(frame.call);
    const there = call === undefined ? this.calls.overThere(frame.call) : call.twin.id;
    if (there === undefined) return;
    this.#send(frameUnder(there, frame, this.link.kind));
    if (call === undefined || call.isCallers) return;
    if (frame.type === FrameType.ERROR) {
      if (frame.circuit) this.calls.forget(call);
      else if (!call.isAnswered && isNoRoom(frame)) this.calls.refused(call);
    }
    call.isAnswered = true;
  }

  #done({ rest, calls }: DoneFrame): void {
    const there: number[] = [];
    for (const id of calls) {
      const call = this.calls.get(id);
      if (call === undefined) this.calls.overThere(id);
      else {
        there.push(call.twin.id);
        // From a callee it is a fault, which its caller will find.
        if (call.isCallers) this.calls.forget(call);
      }
    }
    // Nothing is left to say of calls that both sides have forgotten.
    if (rest || there.length > 0 || calls.length === 0)
      this.#send({ type: FrameType.DONE, call: 0, rest, calls: there });
  }

  #send(frame: Frame): void {
    const { link } = this.other;
    link.send(frame);
    if (this.#isPaused || this.link.pause === undefined || link.room > 0) return;
    this.#isPaused = true;
    this.link.pause();
  }

  #read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.link.resume?.();
  }
}
