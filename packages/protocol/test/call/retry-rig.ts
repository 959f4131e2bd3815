/** A caller that repeats its calls, and the servers that it finds one after the other; on a fake clock, with drawn numbers. */
import type { CallRoute } from "../../src/call/call-opener.ts";
import { Caller, type CallerDefaults } from "../../src/call/caller.ts";
import { CompiledProtocol } from "../../src/call/compiled-protocol.ts";
import { Dispatcher, type DispatcherOptions } from "../../src/call/dispatcher.ts";
import { Retries } from "../../src/call/retries.ts";
import { silentLogger } from "../../src/call/silent-logger.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import type { Encoding } from "../../src/codec/slot.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import type { ClientRetryOptions } from "../../src/definition/retry-options.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type LimitOptions, resolveLimits } from "../../src/limits.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { acceptSession } from "../../src/session/accept-session.ts";
import { connectSession } from "../../src/session/connect-session.ts";
import type { Session } from "../../src/session/session.ts";
import { StillWorld } from "../../src/testing/still-world.ts";
import { type LinkKind, MemoryWire } from "../session/memory-wire.ts";
import { acceptorPeer, connectorPeer } from "../session/session-pair.ts";
import { settle } from "../session/settle.ts";
import type { Handler } from "./call-pair.ts";

export interface RetryRigOptions {
  readonly protocol: ProtocolDefinition;
  readonly handlers: Readonly<Record<string, Handler>>;
  /** What the caller believes, if not that. `"unknown"`: nothing. */
  readonly callerProtocol?: "unknown";
  readonly kind?: LinkKind;
  readonly retry?: false | ClientRetryOptions;
  /** What is drawn for the jitter, from 0 to below 1. Default: always 1/2. */
  readonly random?: () => number;
  readonly limits?: LimitOptions;
  readonly defaults?: Partial<CallerDefaults>;
  readonly guard?: DispatcherOptions["guard"];
}

export class RetryRig extends StillWorld {
  readonly caller: Caller;
  readonly retries: Retries;
  /** How often each handler has run, by procedure. */
  readonly runs: Record<string, number> = {};
  /** Sessions that were found, one for each server. */
  sessions = 0;
  far: Session | undefined;
  #near: Session | undefined;
  #wire: MemoryWire | undefined;
  readonly #options: RetryRigOptions;
  readonly #encoding: Encoding;
  #waiting: { resolve(session: Session): void; reject(error: SluiceError): void }[] = [];

  constructor(options: RetryRigOptions) {
    super();
    this.#options = options;
    const { kind = "binary", retry, random = () => 0.5, defaults } = options;
    this.#encoding = kind === "binary" ? { kind: "bytes", codec: jsonCodec } : { kind: "structured" };
    this.retries = new Retries(retry, this.clock, random);
    const compiled = this.#compile("caller");
    const near = (): Session | undefined => this.#near;
    const route: CallRoute = {
      get session() {
        return near();
      },
      waitForSession: () => {
        const session = near();
        if (session !== undefined) return Promise.resolve(session);
        return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
      },
      procedures: () => compiled,
    };
    const all = { timeout: undefined, idleTimeout: undefined, failFast: false, ...defaults };
    this.caller = new Caller(route, all, this.clock, silentLogger, [], this.retries);
  }

  /** How many calls wait for a connection. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A server is found, which knows nothing of the one before. */
  async connect(): Promise<void> {
    const limits = resolveLimits(this.#options.limits);
    const shared = { clock: this.clock, codecs: [jsonCodec], limits };
    const wire = new MemoryWire(this.#options.kind);
    const accepting = acceptSession(wire.acceptor, {
      ...shared,
      local: acceptorPeer,
      authenticate: () => ({ serve: (session) => this.#dispatcher(session) }),
    });
    const connecting = connectSession(wire.connector, {
      ...shared,
      local: connectorPeer,
      serve: () => ({
        accept() {
          throw new SluiceError("UNIMPLEMENTED", "nothing is served here");
        },
      }),
    });
    await wire.run();
    this.far = await accepting;
    const near = await connecting;
    near.listener = {
      closed: () => {
        if (this.#near === near) this.#near = undefined;
      },
    };
    this.#wire = wire;
    this.#near = near;
    this.sessions++;
    for (const { resolve } of this.#waiting.splice(0)) resolve(near);
    await this.run();
  }

  /** The server is gone, with all that it knew. */
  async lose(): Promise<void> {
    this.cut();
    await this.run();
  }

  /** As {@link lose}, and nothing has come of it yet. */
  cut(): void {
    this.#wire?.cut();
  }

  /** Delivers up to `frames` of what the server has sent, and lets the caller take it. */
  async deliver(frames: number): Promise<void> {
    this.#wire?.deliver("toAcceptor");
    await settle();
    this.#wire?.deliver("toConnector", frames);
    await settle();
  }

  /** There will never be a connection again. */
  giveUp(error: SluiceError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async run(): Promise<void> {
    await this.clock.advance(0);
    await this.#wire?.run();
    await this.clock.advance(0);
    await this.#wire?.run();
  }

  /** What `promise` comes to, if it has come to anything: its value, or its error. */
  async outcome(promise: PromiseLike<unknown>): Promise<unknown> {
    let outcome: unknown = "pending";
    const note = (settled: unknown): void => {
      outcome = settled;
    };
    promise.then(note, note);
    await this.run();
    return outcome;
  }

  /** Nothing waits, and no timer is left, once what is over is forgotten. */
  async leftovers(): Promise<string[]> {
    await this.advance(200);
    const left: string[] = [];
    if ((this.#near?.openCalls ?? 0) > 0) left.push(`${this.#near?.openCalls} calls`);
    if (this.retries.waiting > 0) left.push(`${this.retries.waiting} calls that wait`);
    if (this.clock.armedTimers > 0) left.push(`${this.clock.armedTimers} timers`);
    return left;
  }

  #compile(side: "caller" | "callee"): CompiledProtocol {
    const { protocol, callerProtocol } = this.#options;
    const isUnknown = side === "caller" && callerProtocol === "unknown";
    return new CompiledProtocol(isUnknown ? undefined : protocol, {
      encoding: this.#encoding,
      side,
      validator: closures(),
      validate: "all",
      limits: resolveLimits(this.#options.limits),
    });
  }

  #dispatcher(session: Session): Dispatcher {
    const { handlers, guard } = this.#options;
    const compiled = this.#compile("callee");
    return new Dispatcher({
      session,
      scope: {
        context: undefined,
        identity: undefined,
        connection: { id: "c1", transport: "test", remote: undefined },
        log: silentLogger,
        clock: this.clock,
        clientFor() {
          throw new Error("nobody calls back");
        },
      },
      middleware: [],
      find: (name) => {
        const procedure = compiled.find(name);
        const handler = handlers[name];
        if (procedure === undefined || handler === undefined) return undefined;
        return { procedure, handler: handler as (context: unknown) => unknown };
      },
      admit() {},
      guard: guard ?? (() => undefined),
      started: ({ procedure }) => {
        this.runs[procedure] = (this.runs[procedure] ?? 0) + 1;
      },
    });
  }
}

/** With a server, unless it is to come later. */
export async function retryRig(options: RetryRigOptions): Promise<RetryRig> {
  const rig = new RetryRig(options);
  await rig.connect();
  return rig;
}
