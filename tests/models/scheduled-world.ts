/** A client and its server, one after the other, over a network of which a seed decides every step. */
import { Client, type ClientOptions } from "@sluice/client";
import { closures } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import { silentLogger } from "@sluice/protocol/wire";
import { type HandlersOf, Server } from "@sluice/server";
import { expect } from "vitest";
import { type ModelProtocol, modelProtocol } from "./model-calls.ts";
import { Schedule } from "./schedule.ts";
import { ScheduledNet } from "./scheduled-net.ts";

/** What handlers know of the process that they run in. */
export interface Process {
  readonly number: number;
  /** It was killed: nothing that runs in it has an effect any more. */
  isGone: boolean;
}

export class ScheduledWorld {
  readonly clock = new FakeClock();
  readonly schedule: Schedule;
  readonly net: ScheduledNet;
  readonly client: Client<ModelProtocol>;
  server!: Server<ModelProtocol, undefined>;
  process!: Process;
  readonly #handlers: (process: Process) => HandlersOf<ModelProtocol, undefined>;
  readonly #ending: Promise<unknown>[] = [];
  #count = 0;

  constructor(
    seed: number,
    handlers: (process: Process) => HandlersOf<ModelProtocol, undefined>,
    options: Partial<ClientOptions<ModelProtocol>> = {},
  ) {
    this.schedule = new Schedule(seed, this.clock);
    this.net = new ScheduledNet(this.schedule);
    this.#handlers = handlers;
    this.serve();
    this.client = new Client({
      protocol: modelProtocol,
      transport: this.net.client,
      validator: closures(),
      logger: silentLogger,
      reconnect: { initial: 1, max: 10, jitter: "none" },
      retry: false,
      clock: this.clock,
      ...options,
    });
  }

  /** Starts a server, to which links go from now on. */
  serve(): void {
    this.process = { number: ++this.#count, isGone: false };
    this.server = new Server<ModelProtocol, undefined>({
      protocol: modelProtocol,
      public: true,
      validator: closures(),
      logger: silentLogger,
      clock: this.clock,
      drainTimeout: 1_000,
      handlers: this.#handlers(this.process),
      transport: this.net.server(),
    });
  }

  /** The server's process is killed, and started again with nothing. */
  restart(): void {
    this.process.isGone = true;
    this.net.leave();
    this.net.cut();
    this.#ending.push(this.server.dispose());
    this.serve();
  }

  /** The server drains; when it is done, another takes its place. */
  drain(timeout: number): void {
    const { server } = this;
    this.#ending.push(
      server.drain({ timeout }).then(() => {
        if (this.server === server) this.serve();
      }),
    );
  }

  /** Ends all, and proves that nothing is left. */
  async end(): Promise<void> {
    const all = (): Promise<unknown> =>
      Promise.all([this.client.dispose(), this.server.dispose(), ...this.#ending]);
    await this.schedule.until(all());
    await this.schedule.until(all());
    await this.clock.advance(60_000);
    expect(this.clock.armedTimers, "armed timers").toBe(0);
    expect(this.server.connections).toEqual([]);
  }
}
