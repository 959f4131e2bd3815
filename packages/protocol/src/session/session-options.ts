/**
 * What a session is made of, and what its owner may want to know of it.
 */
import type { Clock } from "../clock.ts";
import type { Encoding } from "../codec/slot.ts";
import type { SluiceError } from "../errors/sluice-error.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link } from "../link/link.ts";
import type { PeerInfo } from "./handshake.ts";
import type { MakePeerCalls } from "./peer-calls.ts";
import type { Session } from "./session.ts";

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
  /** The highest id of a call of this side. Default: 2^31 − 1, as many as there are. */
  readonly highestCallId?: number | undefined;
  /** How long the session waits for another link when it has lost one, ms. Default 0: it ends with its link. */
  readonly graceMs?: number | undefined;
  /** What takes the peer's calls. */
  peerCalls(session: Session): MakePeerCalls;
}

/** What happens to a session that its owner may want to know. */
export interface SessionListener {
  /** The peer takes no new calls; it closes within `grace` ms. */
  draining?(grace: number, retry: number): void;
  /** The ids of this side are used up: no call can be opened any more. */
  idsUsedUp?(): void;
  /** The link is lost; the session waits for another one. */
  detached?(error: SluiceError): void;
  /** There is another link. */
  attached?(): void;
  /** The session is over: once. */
  closed?(error: SluiceError): void;
}
