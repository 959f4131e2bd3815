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
import { chooseCodec, type LocalPeer, makeHello, readWelcome } from "./handshake.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { Session } from "./session.ts";

export interface ConnectSessionOptions {
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  /** Best first. */
  readonly codecs: readonly Codec[];
  /** Any JSON, or `undefined` for none. */
  readonly credentials?: unknown;
  /** Serves the calls that the acceptor opens. */
  serve(session: Session): CallAcceptor;
}

/**
 * Shakes hands over `link`, which it takes over.
 *
 * Rejects with the code of the acceptor's CLOSE (`UNAUTHENTICATED`, `VERSION_UNSUPPORTED`, …), `HANDSHAKE_TIMEOUT`,
 * `PROTOCOL_ERROR`, or `UNAVAILABLE` if the link is lost; the link is closed then.
 */
export function connectSession(link: Link, options: ConnectSessionOptions): Promise<Session> {
  const { local, limits, clock, codecs, credentials } = options;
  const serve = (session: Session): CallAcceptor => options.serve(session);
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
    const welcomed = (body: unknown): void => {
      const { codec, peer } = readWelcome(body);
      const encoding: Encoding =
        link.kind === "structured"
          ? { kind: "structured" }
          : { kind: "bytes", codec: chooseCodec([codec], codecs) };
      timer.cancel();
      resolve(
        new Session({ role: "connector", link, peer, epoch: local.epoch, limits, clock, encoding, serve }),
      );
    };
    link.receive({
      frame(frame: Frame): void {
        try {
          if (frame.type === FrameType.WELCOME) welcomed(frame.welcome);
          else if (frame.type === FrameType.CLOSE) {
            fail(remoteError(frame.code, frame.reason || frame.code, { processed: "no" }, false));
          } else throw malformed(`frame type ${frame.type} before WELCOME`);
        } catch (reason) {
          fail(SluiceError.from(reason, "PROTOCOL_ERROR"));
        }
      },
      malformed: fail,
      flushing() {},
      writable() {},
      closed(cause) {
        timer.cancel();
        reject(lostEarly(cause));
      },
    });
    const { floor } = new MemoryBudget(limits);
    link.send({
      type: FrameType.HELLO,
      call: 0,
      hello: makeHello(local, limits, floor, codecs, credentials),
    });
  });
}

/** The code of what ended the link stays: some say that trying again is of no use. */
function lostEarly(cause: SluiceError | undefined): SluiceError {
  const what = "The link was lost before WELCOME";
  if (cause === undefined) return new SluiceError("UNAVAILABLE", what, { processed: "no" });
  return new SluiceError(cause.code, `${what}: ${cause.message}`, { processed: "no", cause });
}
