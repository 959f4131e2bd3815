/**
 * A client and a server whose network breaks, with the calls of a model: what must be true after every step, and at the end.
 */
import { Client } from "@sluice/client";
import { closures } from "@sluice/protocol";
import { StillWorld } from "@sluice/protocol/testing";
import { type Session, silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { expect } from "vitest";
import { judgeCall } from "./judge-call.ts";
import { HandlerRun, ModelCall, type ModelKind, type ModelProtocol, modelProtocol } from "./model-calls.ts";
import { ModelNetwork } from "./model-network.ts";

/** Small, so that everything runs into its bound. */
export const limits = {
  maxBuffered: 64 * 1024,
  maxMessage: 16 * 1024,
  window: 4_096,
  maxWindow: 8_192,
  maxCalls: 8,
  maxConcurrentHandlers: 3,
  maxQueue: 4,
  abuseRate: { events: 100_000, perMs: 1_000 },
} as const;

/** Short, too. */
export const times = {
  heartbeat: 1_000,
  deadAfter: 2_000,
  handshakeTimeout: 1_000,
  graceMs: 20_000,
  drainTimeout: 3_000,
} as const;

/** A server as its test sees it. */
interface Site {
  readonly server: Server<ModelProtocol, undefined>;
  readonly number: number;
  /** Its process was killed: nothing that its handlers do has an effect. */
  isGone: boolean;
  isDraining: boolean;
}

interface Scope {
  readonly param: string;
  readonly signal: AbortSignal;
  readonly readable?: AsyncIterable<string>;
  readonly writable?: WritableStream<string>;
}

export class SessionWorld extends StillWorld {
  readonly network = new ModelNetwork(this.clock);
  readonly client: Client<ModelProtocol>;
  readonly calls: ModelCall[] = [];
  site: Site;
  /** Sites that end. */
  readonly #ending: Promise<unknown>[] = [];

  constructor() {
    super();
    this.site = this.#serve(1);
    this.client = new Client({
      protocol: modelProtocol,
      transport: this.network.client,
      validator: closures(),
      logger: silentLogger,
      reconnect: { initial: 10, max: 200, jitter: "none" },
      retry: false,
      clock: this.clock,
      limits,
      ...times,
    });
  }

  async run(): Promise<void> {
    for (let round = 0; round < 6; round++) await this.clock.advance(0);
  }

  open(kind: ModelKind, length: number, timeout: number | undefined): void {
    const call = new ModelCall(this.calls.length, kind, length, timeout);
    this.calls.push(call);
    call.open(this.client);
  }

  /** The server's process is killed, and started again with nothing. */
  restart(): void {
    const { site } = this;
    site.isGone = true;
    this.network.serverGone();
    this.#ending.push(site.server.dispose());
    this.site = this.#serve(site.number + 1);
  }

  drain(timeout: number): void {
    this.site.isDraining = true;
    this.#ending.push(this.site.server.drain({ timeout }));
  }

  #serve(number: number): Site {
    const site = { number, isGone: false, isDraining: false } as {
      -readonly [Name in keyof Site]: Site[Name];
    };
    const run = (scope: Scope): Promise<string> => this.#handle(site, scope);
    site.server = new Server<ModelProtocol, undefined>({
      protocol: modelProtocol,
      public: true,
      validator: closures(),
      logger: silentLogger,
      clock: this.clock,
      limits,
      ...times,
      handlers: {
        ask: run as never,
        again: run as never,
        count: run as never,
        talk: run as never,
        collect: run as never,
      },
      transport: this.network.server(),
    });
    return site;
  }

  #handle(site: Site, { param, signal, readable, writable }: Scope): Promise<string> {
    const call = this.calls[Number(param.split(":")[0])];
    if (call === undefined || param !== call.param) throw new Error(`a handler got ${param.slice(0, 20)}`);
    if (site.isGone) call.faults.push("a handler began at a server that is gone");
    const run = new HandlerRun(call, site.number, signal, call.receives ? writable : undefined);
    call.runs.push(run);
    if (call.sends && readable !== undefined)
      call.up.from(() => readable[Symbol.asyncIterator]() as AsyncIterator<string, unknown>);
    return run.result;
  }

  /** What must be true at any time. */
  check(): void {
    expect(this.network.audit.faults).toEqual([]);
    for (const call of this.calls) {
      const { number, kind, up, down, runs, faults } = call;
      expect([...faults, ...up.faults, ...down.faults], `call ${number}, ${kind}`).toEqual([]);
      // Exactly once, whatever was lost and opened again.
      expect(runs.length, `runs of call ${number}`).toBeLessThanOrEqual(1);
      // What is written after a stop is taken, and goes nowhere.
      for (const flow of call.isStopped ? [] : [up, down]) {
        // Only who waits for a message is sent more than fits the window: the rest of that one.
        const most = limits.maxWindow + (flow.isReading ? limits.maxMessage : 0);
        expect(flow.unreadBytes, `accepted and not read in call ${number}`).toBeLessThanOrEqual(most);
      }
    }
    for (const { openCalls, runningHandlers } of this.site.server.connections) {
      expect(runningHandlers).toBeLessThanOrEqual(limits.maxConcurrentHandlers);
      // Those that have ended and whose end is not confirmed count.
      expect(openCalls).toBeLessThanOrEqual(limits.maxCalls + 256);
    }
  }

  /** Everything heals: all calls end, and nothing is left. `mayLose`: whether a session may have been lost. */
  async finish(mayLose: boolean): Promise<void> {
    this.network.heal();
    this.network.cut();
    this.network.route = "direct";
    if (this.site.isDraining) this.restart();
    // At first what was held back may still start a handler.
    for (let round = 0; round < 120 && (round < 4 || !this.#areAllOver); round++) {
      for (const call of this.calls) this.#letEnd(call);
      await this.advance(250);
      this.check();
    }
    const mayFail = mayLose ? ["RESOURCE_EXHAUSTED", "UNAVAILABLE"] : ["RESOURCE_EXHAUSTED"];
    await this.#settleServer();
    for (const call of this.calls) judgeCall(call, mayFail, `${this.client.status}, ${this.network.near}`);
    await this.#end();
  }

  get #areAllOver(): boolean {
    return this.calls.every(
      ({ end, down, receives, runs }) =>
        end !== undefined &&
        (!receives || down.readerEnd !== undefined) &&
        runs.every((run) => run.hasSettled),
    );
  }

  #letEnd(call: ModelCall): void {
    call.close();
    call.down.take(Number.POSITIVE_INFINITY);
    call.up.take(Number.POSITIVE_INFINITY);
    const hasReadAll = !call.sends || call.up.readerEnd !== undefined;
    for (const run of call.runs) {
      if (!run.hasSettled && !call.down.isWriting && (hasReadAll || run.signal.aborted)) run.returns();
    }
  }

  /** A server whose calls are over has given back all memory, and keeps nothing for its peers. */
  async #settleServer(): Promise<void> {
    await this.advance(200);
    for (const connection of this.site.server.connections) {
      const { budget, keptBytes } = (connection as unknown as { readonly session: Session }).session;
      expect([connection.openCalls, connection.runningHandlers, keptBytes]).toEqual([0, 0, 0]);
      expect(budget.lendable, "bytes that can be lent").toBe(limits.maxBuffered / 4);
      expect(budget.isReserved, "memory is reserved").toBe(false);
    }
  }

  async #end(): Promise<void> {
    const ended = Promise.all([
      this.client.dispose(),
      this.site.server.dispose(),
      this.network.close(),
      ...this.#ending,
    ]);
    let isEnded = false;
    void ended.then(() => {
      isEnded = true;
    });
    for (let round = 0; round < 100 && !isEnded; round++) await this.advance(500);
    expect(isEnded, "everything ends").toBe(true);
    await this.advance(30_000);
    expect(this.clock.armedTimers, "armed timers").toBe(0);
    expect(this.network.openLinks, "open links").toBe(0);
    expect(this.site.server.connections).toEqual([]);
  }
}
