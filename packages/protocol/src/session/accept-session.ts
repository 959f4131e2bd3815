/**
 * The acceptor's half of the handshake: HELLO in, authentication, WELCOME out, a session at the end.
 *
 * Spec: docs/wire.md §3.1.
 */
import type { Clock } from "../clock.ts";
import type { Codec } from "../codec/codec.ts";
import type { Encoding } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link } from "../link/link.ts";
import type { CallAcceptor } from "./call-acceptor.ts";
import {
  chooseCodec,
  type Hello,
  type LocalPeer,
  makeWelcome,
  readHello,
  type SessionTicket,
  versionRefusal,
} from "./handshake.ts";
import { takeCalls } from "./incoming-calls.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { refuseLink } from "./refuse-link.ts";
import { Session } from "./session.ts";

/** Makes what serves the calls of a session's peer. */
export type Serve = (session: Session) => CallAcceptor;

/** How a peer is let in: into a new session, or into one that it had. */
export type Admission = NewSession | ResumedSession;

export interface NewSession {
  readonly serve: Serve;
  /** What finds the session again; `undefined`: it ends with its link. */
  readonly ticket?: SessionTicket | undefined;
}

export interface ResumedSession {
  readonly session: Session;
  readonly ticket: SessionTicket;
  /** The peer has the new ticket: it has sent a frame over the new link. */
  confirmed(): void;
}

export interface AcceptSessionOptions {
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly codecs: readonly Codec[];
  /** Said in WELCOME, for people. */
  readonly server?: Readonly<Record<string, string>>;
  /**
   * Judges the HELLO and says how its peer is let in. What it throws refuses the peer: a SluiceError with its code,
   * anything else as `UNAUTHENTICATED` with a fixed text.
   */
  authenticate(hello: Hello): Admission | Promise<Admission>;
}

/**
 * Shakes hands over `link`, which it takes over. Rejects with the reason when the peer is refused or lost; it has been told
 * and the link is closed then.
 */
export function acceptSession(link: Link, options: AcceptSessionOptions): Promise<Session> {
  const { local, limits, clock, codecs, server } = options;
  return new Promise((resolve, reject) => {
    let state: "waiting" | "authenticating" | "over" = "waiting";
    const timer = clock.setTimer(limits.handshakeTimeout, () => {
      refuse(new SluiceError("HANDSHAKE_TIMEOUT", `No handshake within ${limits.handshakeTimeout} ms`));
    });

    const refuse = (error: SluiceError, close?: Frame): void => {
      if (state === "over") return;
      state = "over";
      timer.cancel();
      refuseLink(link, error, clock, close);
      reject(error);
    };

    const resume = ({ session, ticket, confirmed }: ResumedSession): void => {
      const { encoding, state: found } = session;
      // It may have ended since it was found.
      if (found.name === "closed") {
        refuse(new SluiceError("SESSION_LOST", `The session is over: ${found.error.message}`));
        return;
      }
      try {
        session.claimed();
      } catch (reason) {
        session.close(SluiceError.from(reason, "INTERNAL"));
        throw reason;
      }
      say(encoding, ticket);
      session.attach(link);
      onFirstFrame(link, session, confirmed);
      resolve(session);
    };

    const say = (encoding: Encoding, ticket: SessionTicket | undefined): void => {
      state = "over";
      timer.cancel();
      const name = encoding.kind === "bytes" ? encoding.codec.name : "structured";
      const { floor } = new MemoryBudget(limits);
      const body = makeWelcome(local, limits, floor, name, server, ticket);
      link.send({ type: FrameType.WELCOME, call: 0, welcome: body });
    };

    const welcome = (hello: Hello, admission: Admission): void => {
      if (state === "over") return;
      if ("session" in admission) {
        resume(admission);
        return;
      }
      const { serve, ticket } = admission;
      const encoding: Encoding =
        link.kind === "structured"
          ? { kind: "structured" }
          : { kind: "bytes", codec: chooseCodec(hello.codecs, codecs) };
      const { peer } = hello;
      const { epoch } = local;
      const graceMs = ticket?.graceMs;
      // Before WELCOME: what `serve` throws refuses the peer.
      const session = new Session({
        role: "acceptor",
        link,
        peer,
        epoch,
        limits,
        clock,
        encoding,
        graceMs,
        peerCalls: (made) => takeCalls(serve(made)),
      });
      say(encoding, ticket);
      resolve(session);
    };

    const authenticate = async (hello: Hello): Promise<void> => {
      const refusal = versionRefusal(hello);
      if (refusal !== undefined) {
        refuse(new SluiceError("VERSION_UNSUPPORTED", refusal.reason), refusal);
        return;
      }
      try {
        if (link.kind === "binary") chooseCodec(hello.codecs, codecs);
        welcome(hello, await options.authenticate(hello));
      } catch (reason) {
        const message = "The credentials were refused";
        refuse(
          SluiceError.is(reason) ? reason : new SluiceError("UNAUTHENTICATED", message, { cause: reason }),
        );
      }
    };

    link.receive({
      frame(frame): void {
        if (state === "over") return;
        try {
          if (frame.type === FrameType.CLOSE) {
            state = "over";
            timer.cancel();
            link.destroy();
            reject(
              new SluiceError("CANCELLED", `The peer left before WELCOME: ${frame.reason || frame.code}`),
            );
            return;
          }
          if (frame.type !== FrameType.HELLO) throw malformed(`frame type ${frame.type} before WELCOME`);
          if (state === "authenticating") throw malformed("a second HELLO");
          const hello = readHello(frame.hello);
          state = "authenticating";
          void authenticate(hello);
        } catch (reason) {
          refuse(SluiceError.from(reason, "PROTOCOL_ERROR"));
        }
      },
      malformed: (error) => refuse(error),
      flushing() {},
      writable() {},
      closed(cause) {
        if (state === "over") return;
        state = "over";
        timer.cancel();
        reject(
          new SluiceError(
            "UNAVAILABLE",
            "The link was lost before WELCOME",
            cause === undefined ? {} : { cause },
          ),
        );
      },
    });
  });
}

/** Calls `confirmed` when the first frame has come over `link`, which `session` has taken. */
function onFirstFrame(link: Link, session: Session, confirmed: () => void): void {
  link.receive({
    frame(frame) {
      link.receive(session);
      confirmed();
      session.frame(frame);
    },
    arrived: () => session.arrived(),
    malformed: (error) => session.malformed(error),
    flushing: () => session.flushing(),
    writable: () => session.writable(),
    closed: (error) => session.closed(error),
  });
}
