/** Servers and clients in processes of their own, and in this one, over Unix sockets in a folder of theirs, for one test; afterwards nothing may be left. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ClientOptions } from "@sluice/client";
import type { LimitOptions } from "@sluice/protocol";
import { type Child, finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";
import { expect } from "vitest";
import { builtProgram } from "./built-program.ts";
import { type Faulted, type FaultedTold, faulted, faultedHandlers } from "./children/faulted-service.ts";

/** Times that a test can wait for; far enough apart that a busy machine is not taken for a dead one. */
export const tuned = {
  heartbeat: 200,
  deadAfter: 1_000,
  graceMs: 2_000,
  handshakeTimeout: 400,
  drainTimeout: 3_000,
};

export interface ProcessWorld {
  /** The path of a socket, or of a file, called `name`. The server's is the default. */
  path(name?: string): string;
  /** A server in this process. */
  serve(told?: FaultedTold): Promise<Server<Faulted, undefined>>;
  /** A server in a process of its own. `file`: where its handlers write down that they run. */
  startServer(options?: object, file?: string, name?: string): Promise<Child>;
  /** A client in a process of its own, which has made so many calls. */
  startClient(waits: number, options?: object): Promise<Child>;
  /** A client in this process, of these addresses or of the server at the default path. */
  connect(addresses?: readonly string[], options?: Partial<ClientOptions<Faulted>>): Client<Faulted>;
}

/** Runs `body` in a world of its own, where everybody has `times`. */
export async function withProcesses(
  times: LimitOptions,
  body: (world: ProcessWorld) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "processes-"));
  const path = (name = "server"): string => join(folder, name);
  const clients: Client<Faulted>[] = [];
  const servers: Server<Faulted, undefined>[] = [];
  const children: Child[] = [];
  const start = async (script: string, args: string[], first: string): Promise<Child> => {
    const child = inChild(builtProgram(new URL(`./children/${script}`, import.meta.url)), {
      execArgv: [],
      args,
    });
    children.push(child);
    expect(await child.message()).toBe(first);
    return child;
  };
  const told = (options: object): string => JSON.stringify({ ...times, ...options });
  try {
    await body({
      path,
      async serve(hears) {
        const handlers = faultedHandlers(hears);
        const server = new Server({
          protocol: faulted,
          public: true,
          logger: silentLogger,
          ...times,
          handlers,
        });
        servers.push(server);
        await server.listen(`unix:${path()}`);
        return server;
      },
      startServer: (options = {}, file = "", name = "server") =>
        start("faulted-server.ts", [`unix:${path(name)}`, told(options), file], "listening"),
      startClient: (waits, options = {}) =>
        start("faulted-client.ts", [path(), told(options), `${waits}`], "calling"),
      connect(addresses = [], options = {}) {
        const sockets = addresses.length === 0 ? [path()] : addresses;
        const client = new Client({
          protocol: faulted,
          transport: sockets.map((socket) => new SocketTransport({ socket })),
          reconnect: { initial: 1, max: 20 },
          logger: silentLogger,
          ...times,
          ...options,
        });
        clients.push(client);
        return client;
      },
    });
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await Promise.all(clients.map((client) => client.dispose()));
    await Promise.all(servers.map((server) => server.dispose()));
    rmSync(folder, { recursive: true });
  }
}

/** As {@link withProcesses}, and proves that nothing of it is left in this process. */
export function inProcessWorld(
  times: LimitOptions,
  body: (world: ProcessWorld) => Promise<void>,
): Promise<void> {
  return finishesCleanly(() => withProcesses(times, body));
}

export function signal(child: Child, name: NodeJS.Signals): void {
  process.kill(child.pid as number, name);
}
