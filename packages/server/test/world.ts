/** A server and its clients over a memory transport, on one fake clock: nothing happens unless the test lets it. */
import { Client, type ClientOptions } from "@sluice/client";
import type { LogFields, Logger, ProtocolDefinition } from "@sluice/protocol";
import { StillWorld } from "@sluice/protocol/testing";
import { memoryTransport } from "@sluice/transport-memory";
import { expect } from "vitest";
import { Server } from "../src/server.ts";
import type { ServerOptions } from "../src/server-options.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** What a test says of its server; nothing of it is typed by a protocol. */
export type WorldOptions = Omit<Partial<ServerOptions<ProtocolDefinition, unknown>>, "handlers"> & {
  // biome-ignore lint/suspicious/noExplicitAny: a test's handlers take what they need of their context
  readonly handlers?: Readonly<Record<string, (context: any) => unknown>>;
};

export type AnyClient = Client<ProtocolDefinition>;

export class World extends StillWorld {
  readonly link = memoryTransport({ clock: this.clock });
  readonly log: LogLine[] = [];
  readonly server: Server<ProtocolDefinition, unknown>;
  readonly #clients: AnyClient[] = [];

  constructor(options: WorldOptions) {
    super();
    this.server = new Server<ProtocolDefinition, unknown>({
      clock: this.clock,
      logger: this.logger(),
      transport: this.link.server,
      ...options,
    } as ServerOptions<ProtocolDefinition, unknown>);
  }

  /** A client that does not connect again, unless told to. */
  connect(options: Partial<ClientOptions<ProtocolDefinition>> = {}): AnyClient {
    const shared = { clock: this.clock, logger: this.logger(), reconnect: false } as const;
    const client = new Client<ProtocolDefinition>({ transport: this.link.client, ...shared, ...options });
    this.#clients.push(client);
    return client;
  }

  /** The errors and warnings that were logged. */
  get complaints(): string[] {
    return this.log
      .filter(({ level }) => level === "warn" || level === "error")
      .map(({ message }) => message);
  }

  logger(): Logger {
    const at =
      (level: string) =>
      (message: string, fields: LogFields = {}): void =>
        void this.log.push({ level, message, fields });
    return { trace: at("trace"), debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  /** Lets everything happen that needs no time. */
  async run(): Promise<void> {
    for (let round = 0; round < 8; round++) await this.clock.advance(0);
  }

  /** Disposes of everything, and proves that neither a connection nor a timer is left. */
  async end(): Promise<void> {
    for (const client of this.#clients) await this.until(client.dispose());
    await this.until(this.server.dispose());
    await this.run();
    expect(this.server.connections).toEqual([]);
    expect(this.clock.nextTimerMs, "timers that are left").toBeUndefined();
  }
}

/** Runs `body` in a world of its own. */
export async function inWorld(options: WorldOptions, body: (world: World) => Promise<void>): Promise<void> {
  const world = new World(options);
  await body(world);
  await world.end();
}

/** A promise, and what resolves it. */
export function gate<Value = void>(): { readonly promise: Promise<Value>; open(value: Value): void } {
  let open!: (value: Value) => void;
  const promise = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Resolves when `signal` is aborted, with its reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}
