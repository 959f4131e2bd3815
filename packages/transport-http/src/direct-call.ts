/**
 * Direct calls: one request of HTTP is one call, without a session of its caller's, for curl, OpenAPI clients and programs without Sluice.
 *
 * Each call is a peer of the server, with a link of its own (direct-session.ts). Spec: docs/wire.md §5, docs/http.md.
 */
import { type ProcedureDefinition, SluiceError } from "@sluice/protocol";
import {
  type Clock,
  type FindProcedure,
  type Link,
  type LocalPeer,
  newPeer,
  type OutgoingCall,
  type Session,
  systemClock,
} from "@sluice/protocol/wire";
import { eventsResponse } from "./direct-events.ts";
import { noCursor } from "./direct-metadata.ts";
import { directLimits, type OpenedCall, openCall } from "./direct-opening.ts";
import { type DirectRequest, readDirectRequest } from "./direct-request.ts";
import { acceptedResponse, errorResponse, resultResponse, taggedResponse } from "./direct-response.ts";
import { closeDirectSession, openDirectSession } from "./direct-session.ts";
import { HttpRefusal, wrongMethod } from "./http-refusal.ts";
import { readBody } from "./read-body.ts";

export interface DirectCallsOptions {
  /** Hands a server the other end of a link, as listeners and transports do. */
  onLink(link: Link): void;
  /** What the server serves. Absent: a POST with `Accept: text/event-stream` is a stream, any other a request. */
  readonly find?: FindProcedure | undefined;
  /** Milliseconds that a body may take to arrive. Default 30 s. */
  readonly bodyTimeout?: number | undefined;
  /** Milliseconds without an event after which a stream's body gets a comment. Default 15 s. */
  readonly keepAlive?: number | undefined;
  /** For tests. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** What a request does not say of its caller. */
export interface DirectCaller {
  /** Its address, as address.ts writes addresses: `tcp://192.0.2.1:54321`. */
  readonly remote?: string | undefined;
  /** The server's own address, where it came to: on a loopback one only loopback names are answered to, as with `boundTo`. */
  readonly local?: string | undefined;
}

/** How long a stream may fail with a status of its own, ms: then its head goes out, and an error is its last event. */
const headWithin = 250;

export class DirectCalls {
  readonly #options: DirectCallsOptions;
  readonly #clock: Clock;
  readonly #local: LocalPeer = newPeer("http");

  constructor(options: DirectCallsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Answers `request`, which asks for the procedure `path`: what stands behind the base in its URL, with its percent signs. `Origin`
   * and `Host` have been judged. Never rejects; a body that is neither read to its end nor cancelled holds its call.
   */
  async fetch(request: Request, path: string, caller: DirectCaller = {}): Promise<Response> {
    try {
      return await this.#answer(request, path, caller);
    } catch (reason) {
      return errorResponse(reason);
    }
  }

  async #answer(request: Request, path: string, { remote }: DirectCaller): Promise<Response> {
    const asked = readDirectRequest(request, path);
    const startedAt = this.#clock.now();
    const { onLink } = this.#options;
    const { credentials } = asked;
    const local = this.#local;
    const session = await openDirectSession({
      local,
      limits: directLimits,
      clock: this.#clock,
      credentials,
      remote,
      onLink: (link) => onLink(link),
    });
    const { signal } = request;
    const leave = (): void => {
      signal.removeEventListener("abort", leave);
      closeDirectSession(session);
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
    try {
      const definition = this.#options.find?.(asked.procedure);
      const misfit = this.#misfit(asked, definition);
      if (misfit !== undefined) throw (await this.#unknown(session, asked, definition)) ?? misfit;
      const param = await this.#param(request, asked, session);
      const left = this.#timeLeft(asked, startedAt, session);
      const { call, result } = this.#open(session, asked, definition, param, left);
      if (call.inbox !== undefined) {
        return await this.#events(call.inbox, result, cursorNameOf(definition), leave);
      }
      const value = await this.#named(result, definition);
      leave();
      if (definition?.type === "event") return acceptedResponse();
      return asked.method === "GET" ? taggedResponse(value, asked.ifNoneMatch) : resultResponse(value);
    } catch (reason) {
      leave();
      throw reason;
    }
  }

  /** Why such a request cannot be a call of a procedure that is defined like that. */
  #misfit(asked: DirectRequest, definition: ProcedureDefinition | undefined): HttpRefusal | undefined {
    const { procedure, method } = asked;
    if (definition?.type === "channel") {
      const message = `Cannot call ${procedure} without a session: it is a channel. Use a Client with ClientTransport or WebSocketTransport`;
      return new HttpRefusal(new SluiceError("FAILED_PRECONDITION", message, { processed: "no" }));
    }
    const isKnown = definition !== undefined || this.#options.find === undefined;
    const isIdempotent = definition?.type === "request" && definition.idempotent === true;
    if (method === "GET" && isKnown && !isIdempotent) {
      return wrongMethod(`Cannot GET ${procedure}, which is not an idempotent request: use POST`, "POST");
    }
    const isKnownStream = definition === undefined || cursorNameOf(definition) !== undefined;
    if (asked.cursor !== undefined && !isKnownStream) return new HttpRefusal(noCursor(procedure));
    return undefined;
  }

  /**
   * Asks the server whether the peer may know that there is such a procedure: by a call of the wrong kind, which no handler sees.
   * Brings its refusal, or nothing if the peer may know.
   */
  async #unknown(
    session: Session,
    asked: DirectRequest,
    definition: ProcedureDefinition | undefined,
  ): Promise<unknown> {
    const isEvent = definition?.type !== "event";
    const { result } = openCall(session, asked.procedure, new Uint8Array(), { isEvent });
    try {
      await result;
    } catch (reason) {
      return SluiceError.is(reason) && reason.code === "UNIMPLEMENTED" ? undefined : reason;
    }
    return undefined;
  }

  async #param(
    request: Request,
    { method, param = "" }: DirectRequest,
    session: Session,
  ): Promise<Uint8Array> {
    if (method === "GET") return new TextEncoder().encode(param);
    const { bodyTimeout = 30_000 } = this.#options;
    const { maxMessage } = session.peerLimits;
    return readBody(request, { maxBody: maxMessage, bodyTimeout, clock: this.#clock });
  }

  /** Milliseconds for the call; 0: no end. The time of the request counts. */
  #timeLeft({ procedure, timeoutMs }: DirectRequest, startedAt: number, session: Session): number {
    if (timeoutMs === 0) return 0;
    const left = timeoutMs - (this.#clock.now() - startedAt);
    if (left > 0) return Math.min(left, session.peerLimits.maxDeadline, directLimits.maxDeadline);
    const message = `${procedure} was not asked for within ${timeoutMs} ms`;
    throw new SluiceError("DEADLINE_EXCEEDED", message, { processed: "no" });
  }

  #open(
    session: Session,
    { procedure, wantsEvents, metadata, cursor }: DirectRequest,
    definition: ProcedureDefinition | undefined,
    param: Uint8Array,
    timeoutMs: number,
  ): OpenedCall {
    const isGuessed = this.#options.find === undefined && wantsEvents;
    const isStream = definition === undefined ? isGuessed : definition.type === "stream";
    const isEvent = definition?.type === "event";
    const declared = definition?.type === "event" ? [] : Object.keys(definition?.errors ?? {});
    return openCall(session, procedure, param, {
      ...{ isStream, isEvent, declared, timeoutMs },
      ...{ metadata, cursor },
    });
  }

  /** `result`, whose error has the status of a place that is not there if no such procedure is. */
  #named(result: Promise<unknown>, definition: ProcedureDefinition | undefined): Promise<unknown> {
    if (definition !== undefined) return result;
    return result.catch((error: SluiceError) => {
      throw error.code === "UNIMPLEMENTED" ? new HttpRefusal(error, 404) : error;
    });
  }

  /** Waits a moment for a failure that is better told by a status. */
  async #events(
    inbox: Inbox,
    result: Promise<unknown>,
    cursor: string | undefined,
    leave: () => void,
  ): Promise<Response> {
    const clock = this.#clock;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(headWithin, resolve);
      const go = (): void => {
        timer.cancel();
        resolve();
      };
      inbox.onItem = go;
      result.then(go, go);
    });
    if (!inbox.isOpen && inbox.length === 0) await result;
    const { keepAlive = 15_000 } = this.#options;
    return eventsResponse({ inbox, result, clock, keepAlive, cursor, onOver: leave });
  }
}

type Inbox = NonNullable<OutgoingCall["inbox"]>;

/** The property of an item that says where it stands. */
function cursorNameOf(definition: ProcedureDefinition | undefined): string | undefined {
  return definition?.type === "stream" ? definition.cursor : undefined;
}
