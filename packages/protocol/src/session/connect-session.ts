/**
 * The connector's half of the handshake: HELLO out, WELCOME in, a session at the end.
 *
 * Spec: docs/wire.md §3.1.
 */
import type { Clock } from "../clock.ts";
import type { Codec } from "../codec/codec.ts";
import type { Encoding } from "../codec/slot.ts";
import { remoteError, SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link } from "../link/link.ts";
import type { CallAcceptor } from "./call-acceptor.ts";
import {
  chooseCodec,
  type LocalPeer,
  makeHello,
  type PeerInfo,
  readWelcome,
  type SessionTicket,
} from "./handshake.ts";
import { takeCalls } from "./incoming-calls.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { MakePeerCalls } from "./peer-calls.ts";
import { refuseLink } from "./refuse-link.ts";
import { Session } from "./session.ts";
import { sessionLost } from "./session-error.ts";

export interface ConnectLinkOptions {
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  /** Best first. */
  readonly codecs: readonly Codec[];
  /** Any JSON, or `undefined` for none. */
  readonly credentials?: unknown;
  /** `wanted`: a session that can be found again. Default: one that ends with its link. */
  readonly session?: "wanted" | FormerSession | undefined;
  /** What takes the calls that the acceptor opens. */
  peerCalls(session: Session): MakePeerCalls;
}

export interface ConnectSessionOptions extends Omit<ConnectLinkOptions, "peerCalls"> {
  /** Serves the calls that the acceptor opens. */
  serve(session: Session): CallAcceptor;
}

/** A session to be found again. */
export interface FormerSession {
  readonly session: Session;
  /** What the last WELCOME said. */
  readonly ticket: SessionTicket;
  /** Ascends with every attempt. */
  readonly attempt: number;
  /**
   * What another peer at the other end means (another epoch): the session's own is gone, or only elsewhere, and may still be found there.
   * Default `"gone"`.
   */
  readonly otherPeer?: "gone" | "elsewhere";
  /** Nothing but that session is wanted: the attempt fails where it is not found, with `SESSION_LOST`, or `NOT_FOUND` elsewhere. */
  readonly isOnly?: boolean;
}

/**
 * Shakes hands over `link`, which it takes over. Brings the former session, if it was asked for and found; else a new one: a former
 * one is lost then, and its calls fail, unless {@link FormerSession.otherPeer} says that it may be elsewhere.
 *
 * Rejects with the code of the acceptor's CLOSE (`UNAUTHENTICATED`, `VERSION_UNSUPPORTED`, …), `HANDSHAKE_TIMEOUT`,
 * `PROTOCOL_ERROR`, or `UNAVAILABLE` if the link is lost; the link is closed then.
 */
export function connectSession(link: Link, { serve, ...options }: ConnectSessionOptions): Promise<Session> {
  return connectLink(link, { ...options, peerCalls: (session) => takeCalls(serve(session)) });
}

/** {@link connectSession} for who says what takes the calls of the acceptor. */
export function connectLink(link: Link, options: ConnectLinkOptions): Promise<Session> {
  const { local, limits, clock, codecs, credentials } = options;
  const former = typeof options.session === "object" ? options.session : undefined;
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(limits.handshakeTimeout, () => {
      fail(
        new SluiceError("HANDSHAKE_TIMEOUT", `No WELCOME within ${limits.handshakeTimeout} ms`, {
          processed: "no",
        }),
      );
    });
    const fail = (error: SluiceError): void => {
      timer.cancel();
      reject(error);
      link.destroy(error);
    };
    /** What came cannot be understood: the acceptor learns why. */
    const turnAway = (error: SluiceError): void => {
      timer.cancel();
      reject(error);
      refuseLink(link, error, clock);
    };
    /** The acceptor goes on with a session that is over here: it learns so, and the next attempt asks for a new one. */
    const refuse = (lost: SluiceError): void => {
      former?.session.lose(lost);
      refuseLink(link, new SluiceError("SESSION_LOST", lost.message), clock);
      reject(new SluiceError("UNAVAILABLE", lost.message, { cause: lost.cause, processed: "no" }));
    };
    const welcomed = (body: unknown): void => {
      const { codec, peer, session: ticket } = readWelcome(body);
      const encoding: Encoding =
        link.kind === "structured"
          ? { kind: "structured" }
          : { kind: "bytes", codec: chooseCodec([codec], codecs) };
      timer.cancel();
      if (former !== undefined) {
        if (ticket?.id === former.ticket.id && isSame(former.session, peer, encoding)) {
          former.session.ticket = ticket;
          former.session.attach(link);
          resolve(former.session);
          return;
        }
        const lost = sessionLost(former.session.peer.name);
        if (ticket?.id === former.ticket.id) {
          refuse(lost);
          return;
        }
        const isElsewhere = former.otherPeer === "elsewhere" && peer.epoch !== former.session.peer.epoch;
        if (former.isOnly === true) {
          const code = isElsewhere ? "NOT_FOUND" : "SESSION_LOST";
          const reason = new SluiceError(code, `${peer.name} does not know the session`, { processed: "no" });
          refuseLink(link, reason, clock);
          reject(reason);
          return;
        }
        if (!isElsewhere) former.session.lose(lost);
      }
      const session = new Session({
        role: "connector",
        link,
        peer,
        epoch: local.epoch,
        limits,
        clock,
        encoding,
        graceMs: ticket?.graceMs,
        peerCalls: (made) => options.peerCalls(made),
      });
      session.ticket = ticket;
      resolve(session);
    };
    link.receive({
      frame(frame: Frame): void {
        try {
          if (frame.type === FrameType.WELCOME) welcomed(frame.welcome);
          else if (frame.type === FrameType.CLOSE) {
            fail(remoteError(frame.code, frame.reason || frame.code, { processed: "no" }, false));
          } else throw malformed(`frame type ${frame.type} before WELCOME`);
        } catch (reason) {
          turnAway(SluiceError.from(reason, "PROTOCOL_ERROR"));
        }
      },
      malformed: turnAway,
      flushing() {},
      writable() {},
      closed(cause) {
        timer.cancel();
        reject(lostEarly(cause));
      },
    });
    const { floor } = new MemoryBudget(limits);
    const claim =
      former === undefined
        ? options.session === "wanted"
          ? "wanted"
          : undefined
        : { id: former.ticket.id, secret: former.ticket.secret, attempt: former.attempt };
    link.send({
      type: FrameType.HELLO,
      call: 0,
      hello: makeHello(local, limits, floor, codecs, credentials, claim),
    });
  });
}

/** The code of what ended the link stays: some say that trying again is of no use. */
function lostEarly(cause: SluiceError | undefined): SluiceError {
  const what = "The link was lost before WELCOME";
  if (cause === undefined) return new SluiceError("UNAVAILABLE", what, { processed: "no" });
  return new SluiceError(cause.code, `${what}: ${cause.message}`, { processed: "no", cause });
}

/** Whether the peer is still the one that `session` was made with, and speaks as it did. */
function isSame(session: Session, peer: PeerInfo, encoding: Encoding): boolean {
  const { kind } = session.encoding;
  if (session.isOver || session.peer.epoch !== peer.epoch || kind !== encoding.kind) return false;
  return (
    session.encoding.kind !== "bytes" ||
    encoding.kind !== "bytes" ||
    session.encoding.codec.name === encoding.codec.name
  );
}
