/** A client and a server over HTTP with a proxy between them that has faults. */
import { Client } from "@sluice/client";
import type { Logger, ProtocolDefinition } from "@sluice/protocol";
import {
  type HttpFaultProxy,
  type HttpFaultProxyOptions,
  httpFaultProxy,
} from "@sluice/protocol/testing/node";
import type { Clock } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import type { ClientTransportOptions } from "../src/client-transport.ts";
import { NodeClientTransport } from "../src/node-client-transport.ts";
import type { ServerTransportOptions } from "../src/server-transport.ts";
import { type HttpWorld, serveHttp } from "./http-world.ts";

export const protocol = {
  double: { type: "request", param: { type: "integer" }, result: { type: "integer" } },
  count: {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "integer" },
  },
  echo: {
    type: "channel",
    send: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "integer" },
  },
} as const satisfies ProtocolDefinition;
export type Protocol = typeof protocol;

export interface FaultsWorld {
  readonly proxy: HttpFaultProxy;
  readonly http: HttpWorld;
  readonly server: Server<Protocol>;
  /** Through the proxy; made when it is first asked for. */
  readonly client: Client<Protocol>;
  /** Handlers of `double` that ran, by param. */
  readonly doubled: Map<number, number>;
  /** Warnings of client and server. */
  readonly warnings: string[];
  close(): Promise<void>;
}

export interface FaultsOptions {
  readonly proxy?: HttpFaultProxyOptions;
  readonly transport?: Partial<ClientTransportOptions>;
  readonly server?: ServerTransportOptions;
  /** Of client, server and transports. Default: the system's. */
  readonly clock?: Clock;
  /** Of client and server. */
  readonly limits?: { readonly heartbeat: number; readonly deadAfter: number };
}

function ignore(): void {}

export async function faultsWorld(options: FaultsOptions = {}): Promise<FaultsWorld> {
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const logger: Logger = { trace: ignore, debug: ignore, info: ignore, warn, error: warn };
  const http = await serveHttp({ ...clock, ...options.server }, "node");
  const proxy = await httpFaultProxy(http.origin, { ...clock, ...options.proxy });
  const doubled = new Map<number, number>();
  const server = new Server<Protocol>({
    protocol,
    public: true,
    logger,
    ...clock,
    ...options.limits,
    transport: http.transport,
    handlers: {
      double({ param }) {
        doubled.set(param, (doubled.get(param) ?? 0) + 1);
        return 2 * param;
      },
      async *count({ param }) {
        for (let number = 1; number <= param; number++) yield number;
        return param;
      },
      async *echo({ readable }) {
        let count = 0;
        for await (const number of readable) {
          count++;
          yield number;
        }
        return count;
      },
    },
  });
  const url = `${proxy.origin}/rpc`;
  const connect = (): Client<Protocol> =>
    new Client<Protocol>({
      protocol,
      transport: new NodeClientTransport({ url, logger, ...clock, ...options.transport }),
      logger,
      ...clock,
      ...options.limits,
      reconnect: { initial: 5, max: 50 },
    });
  let client: Client<Protocol> | undefined;
  return {
    proxy,
    http,
    server,
    get client() {
      client ??= connect();
      return client;
    },
    doubled,
    warnings,
    async close() {
      await Promise.all([client?.dispose(), server.dispose()]);
      await proxy.close();
      await http.close();
    },
  };
}

/** Numbers up to `length` through a channel and back; rejects where one is lost, comes twice or out of order. */
export async function echoInOrder(client: Client<Protocol>, length: number): Promise<void> {
  const channel = client.channel("echo");
  const sending = (async () => {
    const writer = channel.writable.getWriter();
    for (let number = 1; number <= length; number++) await writer.write(number);
    await writer.close();
  })();
  let last = 0;
  for await (const number of channel) {
    if (number !== last + 1) throw new Error(`${number} came after ${last}`);
    last = number;
  }
  await sending;
  if ((await channel) !== length || last !== length) throw new Error(`${last} of ${length} came`);
}

/** Numbers of a stream; rejects as {@link echoInOrder}. */
export async function countInOrder(client: Client<Protocol>, length: number): Promise<void> {
  const stream = client.stream("count", { param: length });
  let last = 0;
  for await (const number of stream) {
    if (number !== last + 1) throw new Error(`${number} came after ${last}`);
    last = number;
  }
  if ((await stream) !== length || last !== length) throw new Error(`${last} of ${length} came`);
}

/** Requests with all numbers up to `count`, at once or so many at a time; every one runs once. */
export async function doubleAll(world: FaultsWorld, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  const results = await Promise.all(
    numbers.map((number) => world.client.request("double", { param: number })),
  );
  for (const [at, result] of results.entries())
    if (result !== 2 * (at + 1)) throw new Error(`${result} for ${at + 1}`);
  for (const number of numbers) {
    const runs = world.doubled.get(number);
    if (runs !== 1) throw new Error(`double(${number}) ran ${runs} times`);
  }
}
