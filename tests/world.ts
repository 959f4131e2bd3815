/** One server and one client on a wire, for one test; afterwards nothing of them may be left. */
import { Client, type ClientOptions } from "@sluice/client";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { type Logger, Server, type ServerOptions } from "@sluice/server";
import { expect } from "vitest";
import { handlers, type TestHandlers } from "./handlers.ts";
import type { Cell, Wire } from "./matrix.ts";
import { protocol, type TestProtocol } from "./protocol.ts";

export type TestClient = Client<TestProtocol>;

export interface WorldOptions {
  readonly handlers?: Partial<TestHandlers>;
  readonly server?: Partial<ServerOptions<TestProtocol, undefined>>;
  readonly client?: Partial<ClientOptions<TestProtocol>>;
}

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly client: TestClient;
  readonly server: Server<TestProtocol, undefined>;
  readonly wire: Wire;
  /** What the server logged. */
  readonly log: readonly LoggedLine[];
  /** Another client of the same server. It is disposed of with the rest. */
  connect(options?: Partial<ClientOptions<TestProtocol>>): TestClient;
}

function listLogger(lines: LoggedLine[]): Logger {
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      void lines.push({ level, message, fields });
  return { trace: at("trace"), debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Runs `body` in a world of its own, and proves that nothing of it is left. */
export function inWorld(
  cell: Cell,
  options: WorldOptions,
  body: (world: World) => Promise<void>,
): Promise<void> {
  return finishesCleanly(async () => {
    const wire = await cell.open();
    const log: LoggedLine[] = [];
    const server = new Server({
      protocol,
      public: true,
      logger: listLogger(log),
      ...options.server,
      handlers: { ...handlers, ...options.handlers },
    });
    await wire.serve(server);
    const clients: TestClient[] = [];
    const connect = (more: Partial<ClientOptions<TestProtocol>> = {}): TestClient => {
      const transport = wire.transport();
      const client = new Client({ protocol, transport, codec: cell.codec, ...options.client, ...more });
      clients.push(client);
      return client;
    };
    try {
      await body({ client: connect(), server, wire, log, connect });
    } finally {
      await Promise.all(clients.map((client) => client.dispose()));
      await server.dispose();
      await wire.close();
    }
    expect(clients.map(({ status }) => status)).toEqual(clients.map(() => "closed"));
    expect(server.connections).toEqual([]);
  });
}

/** Turns the event loop until `holds()`. */
export async function until(
  holds: () => boolean,
  what: string | (() => string) = "the condition holds",
): Promise<void> {
  const giveUpAt = performance.now() + 15_000;
  for (let round = 0; !holds(); round++) {
    if (performance.now() > giveUpAt) {
      throw new Error(`Waited 15 s until ${typeof what === "string" ? what : what()}`);
    }
    // What is close comes soon; for the rest the processor is left to whoever it is that is waited for.
    await (round < 20 ? turns(1) : new Promise<void>((fired) => setTimeout(fired)));
  }
}

/** Lets the event loop turn `count` times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns the event loop until `read()` has stood still for twice `count` turns and a tick of its timers; gives where. */
export async function standsStill(read: () => number, count = 300): Promise<number> {
  for (let last = read(); ; last = read()) {
    await turns(count);
    await new Promise<void>((fired) => setTimeout(fired));
    await turns(count);
    if (read() === last) return last;
  }
}

/** Waits until `read()` has come to `least`, however long that takes under load, and then for its standstill. */
export async function comesToRest(read: () => number, least: number, what: string): Promise<number> {
  await until(
    () => read() >= least,
    () => `${what}: ${read()} of ${least}`,
  );
  return standsStill(read);
}

/** Resolves when `signal` is aborted, with its reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

/** A promise, and what resolves it. */
export function gate<Value = void>(): { readonly promise: Promise<Value>; open(value: Value): void } {
  let open!: (value: Value) => void;
  const promise = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
