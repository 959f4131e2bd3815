/**
 * A client and a server whose network breaks, with the calls of a model: what must be true after every step, and at the end.
 */
import { Client } from "@sluice/client";
import { closures } from "@sluice/protocol";
import { StillWorld } from "@sluice/protocol/testing";
import { type Session, silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { expect } from "vitest";
import { checkHandlers } from "./check-handlers.ts";
import { checkRest } from "./check-rest.ts";
import { Failures } from "./failures.ts";
import { judgeCall } from "./judge-call.ts";
import { judgeItemsEnd } from "./judge-items.ts";
import { LinkSpans } from "./link-spans.ts";
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
  readonly connection: { readonly id: string };
  readonly readable?: AsyncIterable<string>;
  readonly writable?: WritableStream<string>;
}

export class SessionWorld extends StillWorld {
  readonly network = new ModelNetwork(this.clock);
  readonly client: Client<ModelProtocol>;
  readonly calls: ModelCall[] = [];
  /** Steps that were checked. */
  steps = 0;
  readonly #failures = new Failures();
  site: Site;
  readonly #links: LinkSpans;
  /** In which step a call was left. */
  readonly #leftAt = new Map<ModelCall, number>();
  /** Sites that end. */
  readonly #ending: Promise<unknown>[] = [];

  constructor() {
    super();
    this.site = this.#serve(1);
    this.#links = new LinkSpans(this.network);
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
    const call = new ModelCall(this.calls.length, kind, length, timeout, this.clock);
    const wasFull = this.#isQueueFull;
    const openedAt = this.steps;
    call.onEnd = () => {
      if (wasFull || this.#isQueueFull) call.mayFail.add("RESOURCE_EXHAUSTED");
      const { steps: until, clock } = this;
      const ended = { from: openedAt, until, endedMs: clock.now(), server: call.run?.server };
      if (this.#failures.mayBeUnavailable(ended)) call.mayFail.add("UNAVAILABLE");
      call.mustSayNo = this.#failures.mustSayNo(ended, this.#links.isWholeSince(openedAt));
      call.metDrain = this.#failures.metDrain(ended);
    };
    this.calls.push(call);
    call.open(this.client);
  }

  /** Whether so many calls wait for room that one more may be refused. Those that wait have no handler. */
  get #isQueueFull(): boolean {
    const waiting = this.calls.filter(({ end, runs }) => end === undefined && runs.length === 0);
    return waiting.length >= limits.maxQueue;
  }

  /** From now on the session may be lost, until the client is welcomed again. */
  loses(): void {
    this.#failures.loses(this.steps, this.network.welcomes);
  }

  /** Another link claims the client's session, and is answered as it has to be. Returns whether there was one to claim. */
  async claimAgain(ahead: number): Promise<boolean> {
    const impostor = this.network.claimAgain(ahead);
    if (impostor === undefined) return false;
    await this.run();
    impostor.judge(!this.#failures.isLosing);
    if (impostor.hasFound) this.network.audit.tried(impostor.claim, "found");
    return true;
  }

  #look(): void {
    this.steps++;
    this.#links.look(this.steps, this.client.status);
    for (const call of this.calls) {
      if (call.isLeft && !this.#leftAt.has(call)) this.#leftAt.set(call, this.steps);
    }
    this.#failures.welcomed(this.steps, this.network.welcomes, this.site.isDraining);
  }

  /** The server's process is killed, and started again with nothing. */
  restart(): void {
    const { site } = this;
    this.#failures.loses(this.steps, this.network.welcomes, { byAnother: true });
    site.isGone = true;
    this.network.serverGone();
    this.#ending.push(site.server.dispose());
    this.site = this.#serve(site.number + 1);
  }

  drain(timeout: number): void {
    const { number } = this.site;
    this.#failures.drains(this.steps, this.network.welcomes, number, this.clock.now() + timeout);
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

  #handle(site: Site, scope: Scope): Promise<string> {
    const { param, readable, writable } = scope;
    const call = this.calls[Number(param.split(":")[0])];
    if (call === undefined || param !== call.param) throw new Error(`a handler got ${param.slice(0, 20)}`);
    if (site.isGone) call.faults.push("a handler began at a server that is gone");
    const run = new HandlerRun(call, site.number, scope, call.receives ? writable : undefined);
    call.runs.push(run);
    if (call.sends && readable !== undefined)
      call.up.from(() => readable[Symbol.asyncIterator]() as AsyncIterator<string, unknown>);
    return run.result;
  }

  /** What must be true at any time. */
  check(): void {
    expect(this.network.audit.faults.join("; "), "what passes").toBe("");
    for (const call of this.calls) {
      const { number, kind, timeout, up, down, runs, faults, end } = call;
      expect([...faults, ...up.faults, ...down.faults], `call ${number}, ${kind}`).toEqual([]);
      // Exactly once, whatever was lost and opened again.
      expect(runs.length, `runs of call ${number}`).toBeLessThanOrEqual(1);
      if (timeout !== undefined && end === undefined) {
        expect(call.ageMs, `age of call ${number}, which has ${timeout} ms`).toBeLessThan(timeout);
      }
      // What is written after a stop is taken, and goes nowhere.
      for (const flow of call.isStopped ? [] : [up, down]) {
        // Only who waits for a message is sent more than fits the window: the rest of that one.
        const most = limits.maxWindow + (flow.isReading ? limits.maxMessage : 0);
        expect(flow.unreadBytes, `accepted and not read in call ${number}`).toBeLessThanOrEqual(most);
      }
    }
    const here = this.calls.flatMap(({ runs }) => runs.filter(({ server }) => server === this.site.number));
    const isCalm = this.#links.isCalmSince(this.steps - 2);
    const { connections } = this.site.server;
    checkHandlers(connections, here, this.calls, isCalm, limits.maxConcurrentHandlers);
    if (isCalm) this.#checkLeft();
    this.#look();
  }

  /** Where nothing has broken for two steps, a handler knows that its caller has left. */
  #checkLeft(): void {
    for (const [{ number, runs }, leftAt] of this.#leftAt) {
      const knows = runs.every(
        (run) => run.hasSettled || run.signal.aborted || run.server !== this.site.number,
      );
      if (this.steps - leftAt >= 2)
        expect(knows, `the handler of call ${number} knows that it was left`).toBe(true);
    }
  }

  /** Everything heals: all calls end, and nothing is left. */
  async finish(): Promise<void> {
    this.network.heal();
    this.network.cut();
    this.network.side.cut();
    this.network.route = "direct";
    if (this.site.isDraining) {
      // What runs has time to finish, if that is not over.
      await this.#goOn(4);
      this.restart();
    }
    // At first what was held back may still start a handler.
    await this.#goOn(4);
    for (let round = 4; round < 120 && !this.#areAllOver; round++) await this.#goOn(1);
    await this.#settle();
    for (const call of this.calls) {
      judgeCall(call, `${this.client.status}, ${this.network.near}`);
      if (call.receives && call.end?.code === "OK") {
        judgeItemsEnd(call, this.network.audit.results.get(call.number) ?? Number.NaN);
      }
    }
    await this.#end();
  }

  /** Nobody waits any more: all is read, and handlers return. */
  async #goOn(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const call of this.calls) this.#letEnd(call);
      await this.advance(250);
      this.check();
    }
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

  /** Client and server are connected, and their calls are over: both have given back all memory, and keep nothing for each other. */
  async #settle(): Promise<void> {
    await this.advance(200);
    const { connections } = this.site.server;
    expect(connections.length, `connections; the client is ${this.client.status}`).toBe(1);
    for (const { openCalls, runningHandlers } of connections) {
      expect([openCalls, runningHandlers], "calls and handlers").toEqual([0, 0]);
    }
    const served = connections.map((one) => (one as unknown as { readonly session: Session }).session);
    for (const session of [...served, this.network.session as Session])
      checkRest(session, limits.maxBuffered);
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
