/**
 * Opens calls: finds the session, checks and encodes the param, starts the clock, ties the call to its user's signal.
 *
 * Clients have one; so has every connection of a server, for the calls back to its peer.
 */
import type { Clock, Timer } from "../clock.ts";
import type { CallOptions } from "../definition/call-types.ts";
import type { Logger } from "../definition/handler-types.ts";
import type { ProcedureKind } from "../definition/kinds.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { cancelled } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import type { Session } from "../session/session.ts";
import { addAbortListener, removeAbortListener } from "./abort-listeners.ts";
import { CallHandle } from "./call-handle.ts";
import { type CallObserver, PromisedEnd, SignalledEnd } from "./call-observer.ts";
import type { CallerMiddleware, CallInfo } from "./caller-middleware.ts";
import { runMiddleware } from "./caller-middleware.ts";
import type { CompiledProtocol } from "./compiled-protocol.ts";
import { writeMetadata } from "./metadata.ts";
import { refuseName, refuseTimeout } from "./refuse-call.ts";

/** Where calls go. */
export interface CallRoute {
  /** The session, if calls can be opened now. */
  readonly session: Session | undefined;
  /** Why there is none, if that is known. */
  readonly lastFailure?: SluiceError | undefined;
  /** Resolves with a session as soon as there is one; rejects when there never will be. */
  waitForSession(): Promise<Session>;
  /** What is known of the procedures, encoded as `session` wants it. */
  procedures(session: Session): CompiledProtocol;
}

/** What holds for every call unless it says otherwise. */
export interface CallerDefaults {
  /** Milliseconds; `undefined`: none. */
  readonly timeout: number | undefined;
  readonly idleTimeout: number | undefined;
  readonly failFast: boolean;
  /** Milliseconds that are left of the call on whose behalf this side calls. */
  readonly inherited?: () => number | undefined;
}

/** Options of a call of any kind. */
export interface AnyCallOptions extends CallOptions {
  readonly param?: unknown;
  readonly data?: unknown;
  readonly send?: AsyncIterable<unknown> | ReadableStream<unknown> | undefined;
}

export class Caller {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #route: CallRoute;
  readonly #defaults: CallerDefaults;
  readonly #middleware: CallerMiddleware[];

  constructor(
    route: CallRoute,
    defaults: CallerDefaults,
    clock: Clock,
    logger: Logger,
    middleware: CallerMiddleware[] = [],
  ) {
    this.#route = route;
    this.#defaults = defaults;
    this.clock = clock;
    this.logger = logger;
    this.#middleware = middleware;
  }

  /** The same calls, through the same middleware, with other defaults. */
  with(defaults: Partial<CallerDefaults>): Caller {
    const changed = { ...this.#defaults, ...defaults };
    return new Caller(this.#route, changed, this.clock, this.logger, this.#middleware);
  }

  /** Runs `middleware` around every call that is made from now on, outside of what is added later. */
  use(middleware: CallerMiddleware): void {
    this.#middleware.push(middleware);
  }

  request(name: string, options: AnyCallOptions = {}): Promise<unknown> {
    const end = new PromisedEnd();
    this.#start(name, "request", options, options.param, end);
    return end.promise;
  }

  event(name: string, options: AnyCallOptions = {}): Promise<void> {
    const end = new PromisedEnd();
    this.#start(name, "event", options, options.data, end);
    return end.promise as Promise<void>;
  }

  /** Opens a stream or a channel. */
  items(name: string, kind: "stream" | "channel", options: AnyCallOptions = {}): CallHandle {
    const idleMs = options.idleTimeout ?? this.#defaults.idleTimeout;
    const handle = new CallHandle(name, this.clock, this.logger, idleMs, options.send);
    this.#start(name, kind, options, options.param, handle);
    return handle;
  }

  #start(
    name: string,
    kind: ProcedureKind,
    options: AnyCallOptions,
    param: unknown,
    observer: CallObserver,
  ): void {
    const timeout = this.#timeout(options);
    const refusal = refuseTimeout(name, timeout);
    if (refusal !== undefined) {
      observer.rejected(refusal);
      return;
    }
    const startedAt = timeout === undefined ? 0 : this.clock.now();
    const { session } = this.#route;
    if (session !== undefined && this.#middleware.length === 0) {
      this.#open(session, name, kind, options, param, timeout, observer);
      return;
    }
    const openNow = (info: CallInfo, ready: Session, innerObserver: CallObserver): void => {
      const left = timeout === undefined ? undefined : Math.max(0, timeout - (this.clock.now() - startedAt));
      this.#open(ready, name, kind, { ...options, metadata: info.metadata }, info.param, left, innerObserver);
    };
    const open = (info: CallInfo, innerObserver: CallObserver): void => {
      const { session: now } = this.#route;
      if (now !== undefined) openNow(info, now, innerObserver);
      else this.#openWhenConnected(info, options, timeout, innerObserver, openNow);
    };
    const info: CallInfo = { procedure: name, kind, param, metadata: options.metadata };
    if (this.#middleware.length === 0) open(info, observer);
    else {
      const bounds = { clock: this.clock, timeout, signal: options.signal };
      runMiddleware(this.#middleware, info, observer, bounds, open);
    }
  }

  #timeout({ timeout = this.#defaults.timeout }: AnyCallOptions): number | undefined {
    const inherited = this.#defaults.inherited?.();
    if (inherited === undefined) return timeout;
    return timeout === undefined ? inherited : Math.min(timeout, inherited);
  }

  #openWhenConnected(
    info: CallInfo,
    options: AnyCallOptions,
    timeout: number | undefined,
    observer: CallObserver,
    open: (info: CallInfo, session: Session, observer: CallObserver) => void,
  ): void {
    const { procedure } = info;
    const { signal } = options;
    if (options.failFast ?? this.#defaults.failFast) {
      const message = `Cannot call ${procedure}: there is no connection, and failFast is set`;
      observer.rejected(new SluiceError("UNAVAILABLE", message, { processed: "no" }));
      return;
    }
    let timer: Timer | undefined;
    let isSettled = false;
    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      timer?.cancel();
      if (signal !== undefined) removeAbortListener(signal, onAbort);
      return true;
    };
    const fail = (error: SluiceError): void => {
      if (settle()) observer.rejected(error);
    };
    const onAbort = (reason: unknown): void => fail(cancelled(reason, "no"));
    if (signal?.aborted === true) {
      onAbort(signal.reason);
      return;
    }
    if (signal !== undefined) addAbortListener(signal, onAbort);
    if (timeout !== undefined) {
      timer = this.clock.setTimer(timeout, () => {
        const cause = this.#route.lastFailure;
        const why = cause === undefined ? "" : ` (${cause.message})`;
        const message = `${procedure} was not opened within ${Math.round(timeout)} ms: there is no connection${why}`;
        fail(new SluiceError("DEADLINE_EXCEEDED", message, { cause, processed: "no" }));
      });
    }
    this.#route.waitForSession().then(
      (session) => {
        if (settle()) open(info, session, observer);
      },
      (reason) => fail(SluiceError.from(reason, "UNAVAILABLE")),
    );
  }

  #open(
    session: Session,
    name: string,
    kind: ProcedureKind,
    options: AnyCallOptions,
    param: unknown,
    timeout: number | undefined,
    observer: CallObserver,
  ): void {
    const { signal } = options;
    let call: OutgoingCall | undefined;
    const end =
      signal === undefined ? observer : new SignalledEnd(observer, signal, (reason) => call?.abort(reason));
    try {
      if (signal?.aborted === true) throw cancelled(signal.reason, "no");
      if (observer.isOver) throw cancelled(undefined, "no");
      const refusal = refuseTimeout(name, timeout) ?? refuseName(name, session);
      if (refusal !== undefined) throw refusal;
      const procedure = this.#route.procedures(session).find(name);
      if (procedure === undefined || (procedure.kind !== undefined && procedure.kind !== kind)) {
        const what =
          procedure === undefined ? "the protocol has none of that name" : `it is a ${procedure.kind}`;
        throw new SluiceError("UNIMPLEMENTED", `Cannot call ${kind} ${name}: ${what}`, { processed: "no" });
      }
      const { maxMetadata, maxDeadline } = session.peerLimits;
      const hasItems = kind === "stream" || kind === "channel";
      call = session.open(
        {
          procedure: name,
          param: procedure.param.encode(param),
          receive: hasItems ? procedure.receive : undefined,
          send: kind === "channel" ? procedure.send : undefined,
          isEvent: kind === "event",
          result: procedure.result,
          errors: procedure.errors,
          timeoutMs: timeout === undefined ? 0 : Math.min(timeout, maxDeadline, session.limits.maxDeadline),
          metadata: writeMetadata(options.metadata, maxMetadata, session.utf8),
        },
        end,
      );
      observer.opened(call);
    } catch (reason) {
      end.rejected(SluiceError.from(reason, "INTERNAL"));
    }
  }
}
