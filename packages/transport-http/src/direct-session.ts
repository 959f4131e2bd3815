/**
 * A session for one direct call: a link of its own to the server, which sees a peer like any other.
 *
 * So authentication, access, validation, limits and deadlines are the server's as ever, and nothing here knows of protocols.
 */
import { SluiceError } from "@sluice/protocol";
import {
  type Clock,
  connectSession,
  type Link,
  type LocalPeer,
  type ResolvedLimits,
  type Session,
} from "@sluice/protocol/wire";
import { jsonTextCodec } from "./json-text.ts";
import { localLinks } from "./local-links.ts";

export interface DirectSessionOptions {
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly credentials: unknown;
  /** The caller's address, where it is known. */
  readonly remote: string | undefined;
  /** Hands the server its end. */
  onLink(link: Link): void;
}

/**
 * Shakes hands. Rejects with what the server refuses the peer for: `UNAUTHENTICATED`, `RESOURCE_EXHAUSTED`, `UNAVAILABLE`…
 */
export function openDirectSession(options: DirectSessionOptions): Promise<Session> {
  const { local, limits, clock, credentials, remote, onLink } = options;
  const info = { transport: "http", isOneCall: true, ...(remote === undefined ? {} : { remote }) };
  const [ours, theirs] = localLinks(info, clock);
  onLink(theirs);
  return connectSession(ours, {
    local,
    limits,
    clock,
    codecs: [jsonTextCodec],
    credentials,
    serve: () => ({ accept: refuse }),
  });
}

/** One for all: it says nothing of a call, and is made for every one. */
const requestOver = new SluiceError("CANCELLED", "The request is over");

/** The call is over, and its session with it. */
export function closeDirectSession(session: Session): void {
  session.close(requestOver);
}

function refuse(): never {
  throw new SluiceError("UNIMPLEMENTED", "The caller is a request of HTTP, which serves no calls", {
    processed: "no",
  });
}
