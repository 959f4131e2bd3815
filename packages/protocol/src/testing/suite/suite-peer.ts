/**
 * One end of a session for the transport suite: the engine of `./wire` (session, caller, dispatcher) and nothing above it.
 */

import { Caller } from "../../call/caller.ts";
import { CompiledProtocol } from "../../call/compiled-protocol.ts";
import { Dispatcher } from "../../call/dispatcher.ts";
import { makePeerClient } from "../../call/peer-client.ts";
import type { AnyHandler } from "../../call/run-handler.ts";
import type { ServedCall } from "../../call/served-call.ts";
import { silentLogger } from "../../call/silent-logger.ts";
import type { Clock } from "../../clock.ts";
import { systemClock } from "../../clock.ts";
import type { Codec } from "../../codec/codec.ts";
import { SluiceError } from "../../errors/sluice-error.ts";
import { type LimitOptions, resolveLimits } from "../../limits.ts";
import type { Link } from "../../link/link.ts";
import { closures } from "../../schema/closure-validator.ts";
import { acceptSession } from "../../session/accept-session.ts";
import type { CallAcceptor } from "../../session/call-acceptor.ts";
import { connectSession } from "../../session/connect-session.ts";
import { type Hello, type LocalPeer, newPeer, type SessionTicket } from "../../session/handshake.ts";
import type { Session } from "../../session/session.ts";
import { suiteProtocol } from "./suite-protocol.ts";

/** What a handler of the suite is given, its types forgotten. */
export interface SuiteContext {
  readonly param: unknown;
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly deadline: number | undefined;
  readonly readable: ReadableStream<unknown> & AsyncIterable<unknown>;
  readonly writable: WritableStream<unknown>;
  readonly client: { request(name: string, options?: object): Promise<unknown> };
  fail(code: string, data?: unknown): never;
}

export type SuiteHandler = (context: SuiteContext) => unknown;

export interface SuitePeerOptions {
  /** Handlers by procedure of {@link suiteProtocol}. What is not here is not served. */
  readonly handlers?: Readonly<Record<string, SuiteHandler>>;
  readonly limits?: LimitOptions;
  readonly clock?: Clock;
  /** Best first. */
  readonly codecs: readonly Codec[];
  /** Whether this end checks what it calls with against the protocol. Default `true`. */
  readonly knowsProtocol?: boolean;
  /** Runs before a handler. */
  readonly guard?: (call: ServedCall) => void | Promise<void>;
  /** An acceptor's judgement of who connects. */
  readonly authenticate?: (hello: Hello) => unknown;
  /** What a connector says of itself. */
  readonly credentials?: unknown;
  /** How long sessions wait for another link, ms. Default 0: they end with their link. */
  readonly graceMs?: number;
}

/** What suite sessions are found by; there is one of a kind. */
function ticketOf(graceMs: number): SessionTicket {
  return { id: "suite", secret: "suite", graceMs };
}

export class SuitePeer {
  readonly session: Session;
  /** Calls the other end. */
  readonly caller: Caller;
  /** Handlers that were started, by procedure. */
  readonly started: string[];
  readonly #local: LocalPeer;

  constructor(session: Session, local: LocalPeer, started: string[], options: SuitePeerOptions) {
    const { clock = systemClock, knowsProtocol = true } = options;
    this.#local = local;
    this.session = session;
    this.started = started;
    const compiled = new CompiledProtocol(knowsProtocol ? suiteProtocol : undefined, {
      encoding: session.encoding,
      side: "caller",
      validator: closures(),
      validate: "all",
      limits: session.limits,
    });
    const route = {
      session,
      waitForSession: () => Promise.resolve(session),
      procedures: () => compiled,
    };
    this.caller = new Caller(
      route,
      { timeout: undefined, idleTimeout: undefined, failFast: true },
      clock,
      silentLogger,
    );
  }

  /** Shakes hands as the one who made `link`. */
  static async connect(link: Link, options: SuitePeerOptions): Promise<SuitePeer> {
    const { clock = systemClock, codecs, credentials } = options;
    const started: string[] = [];
    const peer: { made?: SuitePeer } = {};
    const local = newPeer("client");
    const session = await connectSession(link, {
      local,
      limits: resolveLimits(options.limits),
      clock,
      codecs,
      credentials,
      session: options.graceMs === undefined ? undefined : "wanted",
      serve: (made) => serve(made, started, options, () => peer.made),
    });
    peer.made = new SuitePeer(session, local, started, options);
    return peer.made;
  }

  /** Shakes hands as the one who was given `link`. */
  static async accept(link: Link, options: SuitePeerOptions): Promise<SuitePeer> {
    const { clock = systemClock, codecs, authenticate } = options;
    const started: string[] = [];
    const peer: { made?: SuitePeer } = {};
    const local = newPeer("server");
    const session = await acceptSession(link, {
      local,
      limits: resolveLimits(options.limits),
      clock,
      codecs,
      async authenticate(hello) {
        await authenticate?.(hello);
        const ticket = options.graceMs === undefined ? undefined : ticketOf(options.graceMs);
        return { ticket, serve: (made) => serve(made, started, options, () => peer.made) };
      },
    });
    peer.made = new SuitePeer(session, local, started, options);
    return peer.made;
  }

  /** Shakes hands once more, over `link`, as the one who made it: the session goes on. */
  async reconnect(link: Link, attempt: number, { codecs }: SuitePeerOptions): Promise<void> {
    const { session } = this;
    const { clock, limits } = session;
    const ticket = session.ticket as SessionTicket;
    const found = await connectSession(link, {
      local: this.#local,
      limits,
      clock,
      codecs,
      session: { session, ticket, attempt },
      serve: () => {
        throw new Error("A new session was made");
      },
    });
    if (found !== session) throw new Error("The session was not found again");
  }

  /** Shakes hands once more, over `link`, as the one who was given it: the session goes on. */
  async reaccept(link: Link, { codecs, graceMs = 0 }: SuitePeerOptions): Promise<void> {
    const { session } = this;
    const { clock, limits } = session;
    const authenticate = () => ({ session, ticket: ticketOf(graceMs), confirmed() {} });
    await acceptSession(link, { local: this.#local, limits, clock, codecs, authenticate });
  }

  /** Ends the session as its owner would. */
  close(): void {
    this.session.close(new SluiceError("UNAVAILABLE", "the case is over"));
  }
}

function serve(
  session: Session,
  started: string[],
  { handlers = {}, guard }: SuitePeerOptions,
  peer: () => SuitePeer | undefined,
): CallAcceptor {
  const compiled = new CompiledProtocol(suiteProtocol, {
    encoding: session.encoding,
    side: "callee",
    validator: closures(),
    validate: "all",
    limits: session.limits,
  });
  return new Dispatcher({
    session,
    middleware: [],
    scope: {
      context: undefined,
      identity: undefined,
      connection: { id: "suite", transport: session.info.transport, remote: session.info.remote },
      log: silentLogger,
      clock: session.clock,
      clientFor: (inherited) => makePeerClient((peer() as SuitePeer).caller.with({ inherited })),
    },
    find(name) {
      const procedure = Object.hasOwn(handlers, name) ? compiled.find(name) : undefined;
      return procedure && { procedure, handler: handlers[name] as AnyHandler };
    },
    admit() {},
    guard: (call) => guard && (() => guard(call)),
    started: (call) => void started.push(call.procedure),
  });
}
