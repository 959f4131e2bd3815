/** A server, and relays and clients of it over Unix sockets in a folder of its own, for one test; afterwards nothing may be left. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ClientOptions } from "@sluice/client";
import { type Child, finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { type Listener, Relay, silentLogger } from "@sluice/protocol/wire";
import { Server, type ServerOptions } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { builtProgram } from "./built-program.ts";
import { handlers, type TestHandlers } from "./handlers.ts";
import { protocol, type TestProtocol } from "./protocol.ts";

/** A relay that listens. */
export interface ListeningRelay {
  readonly relay: Relay;
  /** Ends it, and listens no more. */
  close(): Promise<void>;
}

export interface RelayWorld {
  readonly server: Server<TestProtocol, undefined>;
  /** The path of a socket called `name`. The server's is `server`. */
  path(name: string): string;
  /** A relay in this process: listens as `name`, and passes on to `to`. */
  relay(name: string, to?: string): Promise<ListeningRelay>;
  /** The same in a process of its own. */
  relayProcess(name: string, to?: string): Promise<Child>;
  /** A client that knows these ways, the first one first. */
  connect(ways: readonly string[], options?: Partial<ClientOptions<TestProtocol>>): Client<TestProtocol>;
}

export interface RelayWorldOptions {
  readonly handlers?: Partial<TestHandlers>;
  readonly server?: Partial<ServerOptions<TestProtocol, undefined>>;
}

/** Runs `body` in a world of its own, and proves that nothing of it is left. */
export function inRelayWorld(
  options: RelayWorldOptions,
  body: (world: RelayWorld) => Promise<void>,
): Promise<void> {
  return finishesCleanly(async () => {
    const folder = mkdtempSync(join(tmpdir(), "relay-"));
    const path = (name: string): string => join(folder, `${name}.sock`);
    const server = new Server({
      protocol,
      public: true,
      logger: silentLogger,
      ...options.server,
      handlers: { ...handlers, ...options.handlers },
    });
    await server.listen(listenSocket({ path: path("server") }));
    const clients: Client<TestProtocol>[] = [];
    const relays: ListeningRelay[] = [];
    const children: Child[] = [];
    try {
      await body({
        server,
        path,
        async relay(name, to = "server") {
          const relay = new Relay({ to: new SocketTransport({ socket: path(to) }), logger: silentLogger });
          const listener: Listener = listenSocket({ path: path(name) });
          await listener.listen((link) => void relay.accept(link));
          const listening = {
            relay,
            async close() {
              await Promise.all([relay.close(), listener.close()]);
            },
          };
          relays.push(listening);
          return listening;
        },
        async relayProcess(name, to = "server") {
          const child = inChild(builtProgram(new URL("./children/relay.ts", import.meta.url)), {
            execArgv: [],
            args: [path(name), path(to)],
          });
          children.push(child);
          await child.message();
          return child;
        },
        connect(ways, more = {}) {
          const client = new Client({
            protocol,
            transport: ways.map((way) => new SocketTransport({ socket: path(way) })),
            reconnect: { initial: 1, max: 20 },
            logger: silentLogger,
            ...more,
          });
          clients.push(client);
          return client;
        },
      });
    } finally {
      await Promise.all(clients.map((client) => client.dispose()));
      await server.dispose();
      await Promise.all(relays.map((relay) => relay.close()));
      await Promise.all(children.map((child) => child.kill()));
      rmSync(folder, { recursive: true });
    }
  });
}
