/**
 * A client and a server whose network breaks, with the calls of a model: what must be true after every step, and at the end.
 */
import { Client } from "@sluice/client";
import { closures } from "@sluice/protocol";
import { StillWorld } from "@sluice/protocol/testing";
import { type Session, silentLogger } from "@sluice/protocol/wire";
import { expect } from "vitest";
import { checkCall, checkGrants } from "./check-call.ts";
import { checkHandlers } from "./check-handlers.ts";
import { checkBudget, checkRest } from "./check-rest.ts";
import { Failures } from "./failures.ts";
import { judgeCall } from "./judge-call.ts";
import { judgeItemsEnd } from "./judge-items.ts";
import { LinkSpans } from "./link-spans.ts";
import { ModelCall, type ModelKind, type ModelProtocol, modelProtocol } from "./model-calls.ts";
import { limits, times } from "./model-limits.ts";
import { ModelNetwork, strangers } from "./model-network.ts";
import { ModelSite } from "./model-site.ts";

export class SessionWorld extends StillWorld {
  readonly network = new ModelNetwork(this.clock);
  readonly client: Client<ModelProtocol>;
  readonly calls: ModelCall[] = [];
  /** Steps that were checked. */
  steps = 0;
  readonly #failures = new Failures();
  site: ModelSite;
  readonly #links: LinkSpans;
  /** When a call has ended last, ms. */
  #endedMs = 0;
  /** In which step a call was left. */
  readonly #leftAt = new Map<ModelCall, number>();
  /** Sites that end. */
  readonly #ending: Promise<unknown>[] = [];

  constructor() {
    super();
    this.site = this.#serve(1);
    this.#links = new LinkSpans(this.network, this.clock);
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
    call.openedAt = openedAt;
    call.onEnd = () => {
      if (wasFull || this.#isQueueFull) call.mayFail.add("RESOURCE_EXHAUSTED");
      const { steps: until, clock } = this;
      this.#endedMs = clock.now();
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

  get #isDraining(): boolean {
    return this.site.drainedAt <= this.steps;
  }

  /** From now on the session may be lost, until the client is welcomed again. */
  loses(): void {
    this.#failures.loses(this.steps, this.network.welcomes);
  }

  /** Another link claims the client's session, and is answered as it has to be. Returns whether there was one to claim. */
  async claimAgain(ahead: number): Promise<boolean> {
    await this.#claimAsStrangers();
    const impostor = this.network.claimAgain(ahead);
    if (impostor === undefined) return false;
    await this.run();
    impostor.judge(!this.#failures.isLosing);
    if (impostor.hasFound) this.network.audit.tried(impostor.claim, "found");
    return true;
  }

  /** Who has not all that it takes is let in as somebody new, unless the server lets nobody in. */
  async #claimAsStrangers(): Promise<void> {
    // The former secret is good until the server has heard that the new one has arrived.
    const isConfirmed = this.#links.isCalmSince(this.steps - 1);
    const all = strangers.filter((who) => who !== "former" || isConfirmed);
    const claims = all.map((who) => ({ who, link: this.network.claimAs(who) }));
    await this.run();
    for (const { who, link } of claims) link?.judgeStranger(this.#isDraining, who);
  }

  #look(): void {
    this.steps++;
    const isWhole = this.#links.isWholeSince(this.steps - 1);
    this.#links.look(this.steps, this.client.status);
    for (const call of this.calls) {
      if (call.isLeft && !this.#leftAt.has(call)) this.#leftAt.set(call, this.steps);
      // Whose handler has heard of it has sent all that it will, and that has come.
      if (isWhole && call.run?.signal.aborted === true) {
        call.stoppedUntil ??= this.network.audit.newest(call.number)?.down.passed;
      }
    }
    this.#failures.welcomed(this.steps, this.network.welcomes, this.#isDraining);
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
    this.site.drainedAt = this.steps;
    this.#ending.push(this.site.server.drain({ timeout }));
  }

  #serve(number: number): ModelSite {
    return new ModelSite(number, this.clock, this.network.server(), this.calls);
  }

  /** What must be true at any time. */
  check(): void {
    expect(this.network.audit.faults.join("; "), "what passes").toBe("");
    const now = this.clock.now();
    for (const call of this.calls) {
      checkCall(call, now, limits);
      checkGrants(call, this.network.audit.newest(call.number), limits);
    }
    expect(this.network.isHalfJoined, "a relay keeps one link of two").toBe(false);
    if (this.network.session !== undefined) checkBudget(this.network.session);
    for (const session of this.site.sessions) checkBudget(session);
    const isCalm = this.#links.isCalmSince(this.steps - 2);
    const { connections } = this.site.server;
    checkHandlers(connections, this.site.runs, this.calls, isCalm, limits.maxConcurrentHandlers);
    if (isCalm) this.#checkLeft();
    this.#checkConfirmed();
    // Who has heard of the drain, over whichever link, calls no more.
    if (this.site.drainedAt < this.steps && this.#links.isWholeSince(this.steps - 1)) {
      expect(this.client.status, "the client of a server that drains").not.toBe("connected");
    }
    this.#look();
  }

  /** Where nothing has broken for two steps, a handler knows that its caller has left. */
  #checkLeft(): void {
    for (const [call, leftAt] of this.#leftAt) {
      const { number, runs } = call;
      const knows = runs.every(
        (run) => run.hasSettled || run.signal.aborted || run.server !== this.site.number,
      );
      if (this.steps - leftAt < 2) continue;
      expect(knows, `the handler of call ${number} knows that it was left`).toBe(true);
    }
  }

  /** Where nothing has broken or ended for longer than an end may be owed, the server keeps only calls that go on. */
  #checkConfirmed(): void {
    if (Math.min(this.#links.calmMs, this.clock.now() - this.#endedMs) < 55) return;
    const goesOn = ({ end, runs }: ModelCall): boolean =>
      end === undefined || runs.some(({ hasSettled }) => !hasSettled);
    const most = this.calls.filter(goesOn).length;
    for (const { openCalls } of this.site.sessions) {
      expect(openCalls, "calls that the server keeps").toBeLessThanOrEqual(most);
    }
  }

  /** Everything heals: all calls end, and nothing is left. */
  async finish(): Promise<void> {
    this.network.heal();
    this.network.cut();
    this.network.side.cut();
    this.network.route = "direct";
    if (this.#isDraining) {
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
    for (const session of [...this.site.sessions, this.network.session as Session]) {
      checkRest(session, limits.maxBuffered);
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
    expect(this.clock.armedTimers, "armed timers").toBe(0);
    expect(this.network.openLinks, "open links").toBe(0);
    expect(this.site.server.connections).toEqual([]);
  }
}
