/** Both ends of calls over a wire between fake-clocked sessions: a Caller on one side, a Dispatcher with handlers on the other. */

import { Caller, type CallerDefaults } from "../../src/call/caller.ts";
import type { CallerMiddleware } from "../../src/call/caller-middleware.ts";
import { CompiledProtocol } from "../../src/call/compiled-protocol.ts";
import { Dispatcher, type DispatcherOptions, type HandlerMiddleware } from "../../src/call/dispatcher.ts";
import type { HandlerScope } from "../../src/call/handler-scope.ts";
import { makePeerClient } from "../../src/call/peer-client.ts";
import { silentLogger } from "../../src/call/silent-logger.ts";
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import type { Encoding } from "../../src/codec/slot.ts";
import type { LogFields, Logger } from "../../src/definition/handler-types.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type LimitOptions, resolveLimits } from "../../src/limits.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { acceptSession } from "../../src/session/accept-session.ts";
import { connectSession } from "../../src/session/connect-session.ts";
import type { Session } from "../../src/session/session.ts";
import { StillWorld } from "../../src/testing/still-world.ts";
import { type LinkKind, MemoryWire } from "../session/memory-wire.ts";
import { acceptorPeer, connectorPeer } from "../session/session-pair.ts";
import { WireAuditor } from "../session/wire-auditor.ts";

export type Handler = (context: HandlerScope) => unknown;

export interface CallPairOptions {
  readonly protocol: ProtocolDefinition;
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** What the caller believes; without it what the callee serves. `"unknown"`: nothing. */
  readonly callerProtocol?: ProtocolDefinition | "unknown";
  readonly kind?: LinkKind;
  readonly codec?: Codec;
  readonly roomBytes?: number;
  readonly limits?: LimitOptions;
  readonly callerLimits?: LimitOptions;
  readonly calleeLimits?: LimitOptions;
  readonly guard?: DispatcherOptions["guard"];
  readonly admit?: DispatcherOptions["admit"];
  readonly handlerMiddleware?: readonly HandlerMiddleware[];
  readonly callerMiddleware?: readonly CallerMiddleware[];
  readonly defaults?: Partial<CallerDefaults>;
  /** The caller is not connected before {@link CallPair.connect}. */
  readonly isLate?: boolean;
  readonly logger?: Logger;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

export class CallPair extends StillWorld {
  readonly wire: MemoryWire;
  readonly auditor: WireAuditor;
  readonly caller: Caller;
  readonly log: LogLine[] = [];
  /** Calls that were served, as the dispatcher says. */
  readonly served: string[] = [];
  callerSession!: Session;
  calleeSession!: Session;
  readonly #options: CallPairOptions;
  readonly #encoding: Encoding;
  #session: Session | undefined;
  #waiting: { resolve(session: Session): void; reject(error: SluiceError): void }[] = [];

  constructor(options: CallPairOptions) {
    super();
    const { kind = "binary", codec = jsonCodec, roomBytes, callerMiddleware = [] } = options;
    this.#options = options;
    this.wire = new MemoryWire(kind, roomBytes);
    this.auditor = new WireAuditor(kind);
    this.wire.observers.push(this.auditor);
    this.#encoding = kind === "binary" ? { kind: "bytes", codec } : { kind: "structured" };
    const { protocol, callerProtocol = protocol } = options;
    const limits = resolveLimits(options.callerLimits ?? options.limits);
    const compiled = new CompiledProtocol(callerProtocol === "unknown" ? undefined : callerProtocol, {
      encoding: this.#encoding,
      side: "caller",
      validator: closures(),
      validate: "all",
      limits,
    });
    const session = (): Session | undefined => this.#session;
    const route = {
      get session() {
        return session();
      },
      waitForSession: () =>
        new Promise<Session>((resolve, reject) => {
          this.#waiting.push({ resolve, reject });
        }),
      procedures: () => compiled,
    };
    const defaults = { timeout: undefined, idleTimeout: undefined, failFast: false, ...options.defaults };
    this.caller = new Caller(route, defaults, this.clock, options.logger ?? this.#logger());
    for (const middleware of callerMiddleware) this.caller.use(middleware);
  }

  /** Shakes hands; calls that waited are opened. */
  async connect(): Promise<void> {
    const { codec = jsonCodec, limits, callerLimits = limits, calleeLimits = limits } = this.#options;
    const shared = { clock: this.clock, codecs: [codec] };
    const accepting = acceptSession(this.wire.acceptor, {
      ...shared,
      local: acceptorPeer,
      limits: resolveLimits(calleeLimits),
      authenticate: () => ({ serve: (session) => this.#dispatcher(session) }),
    });
    const connecting = connectSession(this.wire.connector, {
      ...shared,
      local: connectorPeer,
      limits: resolveLimits(callerLimits),
      serve: () => ({
        accept() {
          throw new SluiceError("UNIMPLEMENTED", "nothing is served here");
        },
      }),
    });
    await this.wire.run();
    this.calleeSession = await accepting;
    this.callerSession = await connecting;
    this.#session = this.callerSession;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of waiting) resolve(this.callerSession);
    await this.run();
  }

  /** There will never be a connection. */
  giveUp(error: SluiceError): void {
    for (const { reject } of this.#waiting) reject(error);
  }

  /** How many calls wait for a connection. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Delivers everything and what comes of it. */
  async run(): Promise<void> {
    await this.wire.run();
    this.auditor.check();
  }

  /** INV-QUIET: no call, no handler, nothing kept, no timer. */
  async expectIdle(): Promise<void> {
    await this.run();
    await this.advance(200);
    const left: string[] = [];
    for (const [name, session] of [
      ["caller", this.callerSession],
      ["callee", this.calleeSession],
    ] as const) {
      if (session.openCalls > 0) left.push(`${name}: ${session.openCalls} calls`);
      if (session.runningHandlers > 0) left.push(`${name}: ${session.runningHandlers} handlers`);
      if (session.keptBytes !== 0) left.push(`${name}: ${session.keptBytes} bytes kept`);
      const quarter = Math.floor(session.limits.maxBuffered / 4);
      if (session.budget.lendable !== quarter)
        left.push(`${name}: ${quarter - session.budget.lendable} bytes lent`);
    }
    if (this.clock.armedTimers > 0) left.push(`${this.clock.armedTimers} timers`);
    if (left.length > 0) throw new Error(`Not idle: ${left.join(", ")}`);
  }

  /** Every byte that crossed, as text: what must not leak is not in it. */
  get everythingSent(): string {
    return this.auditor.frames.map(({ frame }) => JSON.stringify(frame, textOfBytes)).join("\n");
  }

  #logger(): Logger {
    const line = (level: string) => (message: string, fields?: LogFields) => {
      this.log.push({ level, message, fields });
    };
    return {
      ...silentLogger,
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
    };
  }

  #dispatcher(session: Session): Dispatcher {
    const { protocol, handlers = {}, guard, admit, handlerMiddleware = [] } = this.#options;
    const compiled = new CompiledProtocol(protocol, {
      encoding: this.#encoding,
      side: "callee",
      validator: closures(),
      validate: "all",
      limits: session.limits,
    });
    const back = new CompiledProtocol(undefined, {
      encoding: this.#encoding,
      side: "caller",
      validator: closures(),
      validate: "all",
      limits: session.limits,
    });
    const route = { session, waitForSession: () => Promise.resolve(session), procedures: () => back };
    const logger = this.#options.logger ?? this.#logger();
    return new Dispatcher({
      session,
      scope: {
        context: { name: "context" },
        identity: { name: "identity" },
        connection: { id: "c1", transport: "test", remote: undefined },
        log: logger,
        clock: this.clock,
        clientFor: (inherited) => {
          const defaults = { timeout: undefined, idleTimeout: undefined, failFast: true, inherited };
          return makePeerClient(new Caller(route, defaults, this.clock, logger));
        },
      },
      middleware: handlerMiddleware,
      find(name) {
        const procedure = compiled.find(name);
        const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
        return procedure === undefined || handler === undefined
          ? undefined
          : { procedure, handler: handler as (context: unknown) => unknown };
      },
      admit: admit ?? (() => {}),
      guard: guard ?? (() => undefined),
      started: ({ procedure }) => this.served.push(`start ${procedure}`),
      ended: ({ procedure }, error) =>
        this.served.push(`${error === undefined ? "end" : "error"} ${procedure}`),
    });
  }
}

function textOfBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

/** Both ends, connected unless `isLate`. */
export async function callPair(options: CallPairOptions): Promise<CallPair> {
  const pair = new CallPair(options);
  if (options.isLate !== true) await pair.connect();
  return pair;
}

/** A promise, and what settles it. */
export interface Gate<Value = void> {
  readonly promise: Promise<Value>;
  open(value: Value): void;
  fail(reason: unknown): void;
}

export function gate<Value = void>(): Gate<Value> {
  let open!: (value: Value) => void;
  let fail!: (reason: unknown) => void;
  const promise = new Promise<Value>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
