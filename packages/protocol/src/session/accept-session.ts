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
  versionRefusal,
} from "./handshake.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { refuseLink } from "./refuse-link.ts";
import { Session } from "./session.ts";

/** Makes what serves the calls of a session's peer. */
export type Serve = (session: Session) => CallAcceptor;

export interface AcceptSessionOptions {
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly codecs: readonly Codec[];
  /** Said in WELCOME, for people. */
  readonly server?: Readonly<Record<string, string>>;
  /**
   * Judges the HELLO and brings what makes the server of its peer's calls. What it throws refuses the peer: a SluiceError with its code,
   * anything else as `UNAUTHENTICATED` with a fixed text.
   */
  authenticate(hello: Hello): Serve | Promise<Serve>;
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

    const welcome = (hello: Hello, serve: Serve): void => {
      if (state === "over") return;
      const encoding: Encoding =
        link.kind === "structured"
          ? { kind: "structured" }
          : { kind: "bytes", codec: chooseCodec(hello.codecs, codecs) };
      const name = encoding.kind === "bytes" ? encoding.codec.name : "structured";
      const { peer } = hello;
      const { epoch } = local;
      // Before WELCOME: what `serve` throws refuses the peer.
      const session = new Session({ role: "acceptor", link, peer, epoch, limits, clock, encoding, serve });
      state = "over";
      timer.cancel();
      const { floor } = new MemoryBudget(limits);
      const body = makeWelcome(local, limits, floor, name, server);
      link.send({ type: FrameType.WELCOME, call: 0, welcome: body });
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
