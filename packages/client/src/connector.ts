/**
 * One attempt to connect: credentials, a link, the handshake. Each step can be given up, and leaves nothing then.
 */
import {
  type Clock,
  type Codec,
  type ConnectLinkOptions,
  connectLink,
  type LocalPeer,
  type MakePeerCalls,
  type ResolvedLimits,
  type Session,
  SluiceError,
  type Transport,
  within,
} from "@sluice/protocol/wire";

/** A value, or what brings it for each connection. */
export type Credentials = unknown | (() => unknown | Promise<unknown>);

export interface ConnectorOptions {
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly codecs: readonly Codec[];
  readonly credentials: Credentials;
  /** What takes the calls of the server. */
  peerCalls(session: Session): MakePeerCalls;
}

/** What a connection is made for: a session that can be found again, a former one, or one that ends with its link. */
export type WantedSession = ConnectLinkOptions["session"];

/** What no repetition can mend. */
const finalCodes: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "VERSION_UNSUPPORTED",
  "FAILED_PRECONDITION",
  "INVALID_ARGUMENT",
  "PROTOCOL_ERROR",
  "UNIMPLEMENTED",
]);

/** Whether trying again is of no use. */
export function isFinal({ code }: SluiceError): boolean {
  return finalCodes.has(code);
}

export class Connector {
  readonly #options: ConnectorOptions;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /**
   * Makes a session over `transport`, or finds the one that is wanted when the link is there.
   *
   * Resolves with `undefined` if `signal` was aborted meanwhile. Rejects with a SluiceError, `processed: "no"`.
   */
  async connect(
    transport: Transport<unknown, unknown>,
    wanted: () => WantedSession,
    signal: AbortSignal,
  ): Promise<Session | undefined> {
    try {
      const credentials = await this.#credentials(signal);
      if (signal.aborted) return undefined;
      const link = await transport.connect({ signal });
      if (signal.aborted) {
        link.destroy();
        return undefined;
      }
      // A handshake that nobody waits for any more would keep the process alive until its time is over.
      // Once that is done, the session ends with its link.
      const giveUp = (): void => link.destroy();
      signal.addEventListener("abort", giveUp);
      const { local, limits, clock, codecs } = this.#options;
      const peerCalls = (made: Session): MakePeerCalls => this.#options.peerCalls(made);
      const options = { local, limits, clock, codecs, credentials, session: wanted(), peerCalls };
      const session = await connectLink(link, options);
      signal.removeEventListener("abort", giveUp);
      return signal.aborted ? undefined : session;
    } catch (reason) {
      if (signal.aborted) return undefined;
      throw SluiceError.from(reason, "UNAVAILABLE", { processed: "no" });
    }
  }

  /** What brings them is the user's, and may never end: it has the time of a handshake. */
  async #credentials(givenUp: AbortSignal): Promise<unknown> {
    const { credentials, clock, limits } = this.#options;
    if (typeof credentials !== "function") return credentials;
    const ms = limits.handshakeTimeout;
    // A client that is closed meanwhile shall not keep the process alive for the rest of that time.
    const aborted = new Promise<undefined>((resolve) => {
      givenUp.addEventListener("abort", () => resolve(undefined));
    });
    return within(clock, ms, Promise.race([credentials(), aborted]), () => {
      const message = `credentials() has brought none within ${ms} ms (handshakeTimeout)`;
      throw new SluiceError("UNAVAILABLE", message, { processed: "no" });
    });
  }
}
