/** A client and its server over a memory transport, on one fake clock: nothing happens unless the test lets it. */
import type { LogFields, Logger, ProtocolDefinition } from "@sluice/protocol";
import { StillWorld } from "@sluice/protocol/testing";
import { Server, type ServerOptions } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";
import { expect } from "vitest";
import { Client } from "../src/client.ts";
import type { ClientOptions } from "../src/client-options.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export interface WorldOptions<Protocol extends ProtocolDefinition> {
  /** Of the server. */
  readonly protocol: Protocol;
  // biome-ignore lint/suspicious/noExplicitAny: a test's handlers take what they need of their context
  readonly handlers: { readonly [Procedure in keyof Protocol]: (context: any) => unknown };
  readonly server?: Partial<ServerOptions<Protocol, undefined>>;
  readonly client?: Partial<ClientOptions<Protocol, ProtocolDefinition>>;
}

export class World<const Protocol extends ProtocolDefinition> extends StillWorld {
  readonly link = memoryTransport({ clock: this.clock });
  /** What the client logged. */
  readonly log: LogLine[] = [];
  readonly server: Server<Protocol, undefined>;
  readonly client: Client<Protocol, ProtocolDefinition>;

  constructor({ protocol, handlers, server, client }: WorldOptions<Protocol>) {
    super();
    const quiet = { clock: this.clock, logger: logger(() => {}) };
    const serving = { ...quiet, protocol, handlers, public: true, transport: this.link.server, ...server };
    this.server = new Server(serving as unknown as ServerOptions<Protocol, undefined>);
    const note = logger((line) => void this.log.push(line));
    const shared = {
      clock: this.clock,
      logger: note,
      transport: this.link.client,
      reconnect: false,
    } as const;
    this.client = new Client<Protocol, ProtocolDefinition>({ protocol, ...shared, ...client });
  }

  /** Lets everything happen that needs no time. */
  async run(): Promise<void> {
    for (let round = 0; round < 8; round++) await this.clock.advance(0);
  }

  /** Disposes of both, and proves that neither a connection nor a timer is left. */
  async end(): Promise<void> {
    await this.until(this.client.dispose());
    await this.until(this.server.dispose());
    await this.run();
    expect([this.client.status, this.server.connections]).toEqual(["closed", []]);
    expect(this.clock.nextTimerMs, "timers that are left").toBeUndefined();
  }
}

/** Runs `body` in a world of its own. */
export async function inWorld<const Protocol extends ProtocolDefinition>(
  options: WorldOptions<Protocol>,
  body: (world: World<Protocol>) => Promise<void>,
): Promise<void> {
  const world = new World(options);
  await body(world);
  await world.end();
}

function logger(take: (line: LogLine) => void): Logger {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      take({ level, message, fields });
  return { trace: at("trace"), debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
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
