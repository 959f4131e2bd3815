/** A server that drains while its client knows another: new calls go there at once, what runs comes to its end, also over another link. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { faultProxy, finishesCleanly, type SocketFaultProxy } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { expect, test } from "vitest";
import { gate, until } from "./world.ts";

const protocol = {
  who: { type: "request", result: { type: "string" } },
  count: {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "string" },
  },
} as const satisfies ProtocolDefinition;

/** What a server may ask of its clients. */
const clientProtocol = {
  ring: { type: "request", param: { type: "integer" }, result: { type: "integer" } },
} as const satisfies ProtocolDefinition;

/** A server that says its name; a stream of it stops at its half until `goOn`. */
function serve(name: string, goOn: Promise<void>) {
  return new Server({
    protocol,
    clientProtocol,
    public: true,
    handlers: {
      who: () => name,
      async *count({ param }) {
        for (let n = 1; n <= param; n++) {
          if (n === param / 2) await goOn;
          yield n;
        }
        return name;
      },
    },
  });
}

function connect(sockets: readonly string[]) {
  return new Client({
    protocol,
    clientProtocol,
    handlers: { ring: ({ param }) => 2 * param },
    transport: sockets.map((socket) => new SocketTransport({ socket })),
    reconnect: { initial: 1, max: 10 },
  });
}

interface TwoServers {
  /** It knows both servers: the first one through the proxy. */
  readonly client: ReturnType<typeof connect>;
  readonly servers: readonly [ReturnType<typeof serve>, ReturnType<typeof serve>];
  readonly proxy: SocketFaultProxy;
  /** Lets the streams go on from their half. */
  goOn(): void;
}

/** Runs `body` with two servers and a client of both, and proves that nothing of them is left. */
function withTwoServers(body: (world: TwoServers) => Promise<void>): Promise<void> {
  return finishesCleanly(async () => {
    const half = gate();
    const servers = [serve("first", half.promise), serve("second", half.promise)] as const;
    const [first = ""] = await servers[0].listen(listenSocket({ port: 0 }));
    const [second = ""] = await servers[1].listen(listenSocket({ port: 0 }));
    const proxy = await faultProxy("tcp://127.0.0.1:0", first);
    const client = connect([proxy.address, second]);
    try {
      await body({ client, servers, proxy, goOn: half.open });
    } finally {
      await client.dispose();
      await Promise.all(servers.map((server) => server.dispose()));
      await proxy.close();
    }
  });
}

test("DR-3 SE-11 X41 new calls are served by the next server while a stream goes on where it is, over a link that is cut meanwhile", () =>
  withTwoServers(async ({ client, servers, proxy, goOn }) => {
    const statuses: string[] = [];
    client.on("status", (status) => statuses.push(status));

    const count = client.stream("count", { param: 2_000 });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const n of count) seen.push(n);
    })();
    await until(() => seen.length === 999);
    expect(await client.request("who")).toBe("first");

    const drained = servers[0].drain({ timeout: 20_000 });
    await until(() => statuses.includes("draining"));
    // They wait for the next connection, and for no drain.
    expect(await Promise.all([client.request("who"), client.request("who")])).toEqual(["second", "second"]);
    expect([client.status, seen.length]).toEqual(["connected", 999]);

    proxy.cut();
    expect(await client.request("who")).toBe("second");
    goOn();
    await reading;
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, at) => at + 1));
    expect(await count).toBe("first");
    expect(await drained).toBe(true);
    expect(statuses).toEqual(["connecting", "connected", "draining", "connected"]);
  }));

test("DR-3 a server that is back after its clients have gone elsewhere loses each of them when their last call there has ended", () =>
  withTwoServers(async ({ client, servers, proxy, goOn }) => {
    const count = client.stream("count", { param: 2_000 });
    const reader = count.readable.getReader();
    for (let n = 1; n < 1_000; n++) await reader.read();

    proxy.down();
    await until(() => servers[1].connections.length === 1);
    expect(await client.request("who")).toBe("second");
    proxy.heal();
    await until(() => proxy.connections.size === 1);
    expect(await client.request("who")).toBe("second");
    goOn();
    for (let n = 1_000; n <= 2_000; n++) expect((await reader.read()).value).toBe(n);
    expect([(await reader.read()).done, await count]).toEqual([true, "first"]);

    // What is left of it would be a link for each time that a server was away.
    await until(() => servers[0].connections.length === 0, "the first server has lost its client");
    await until(() => proxy.connections.size === 0, "the link is gone");
    expect([client.status, servers[1].connections.length]).toEqual(["connected", 1]);
  }));

test("a server that calls a client which was away, and is connected to the next, is answered all the same", () =>
  withTwoServers(async ({ client, servers, proxy }) => {
    expect(await client.request("who")).toBe("first");
    const [connection] = servers[0].connections;
    proxy.down();
    await until(() => servers[0].connections.length === 0 && servers[1].connections.length === 1);
    const ring = connection?.client.request("ring", { param: 21 });
    proxy.heal();
    expect(await ring).toBe(42);
    await until(() => proxy.connections.size === 0, "the client has left");
    expect([client.status, servers[0].connections.length]).toEqual(["connected", 0]);
  }));

test("DR-1 a call that crosses the drain of a server where nothing goes on is made at the next one", () =>
  withTwoServers(async ({ client, servers, proxy }) => {
    expect(await client.request("who")).toBe("first");
    await until(() => servers[0].connections[0]?.openCalls === 0, "nothing goes on at the first server");
    // What the client sends is on its way when the server says that it takes no more, and has nothing left to wait for.
    proxy.blackhole("toServer", "hold");
    client.on("status", (status) => {
      if (status === "draining") proxy.heal();
    });
    const call = client.request("who");
    const drained = servers[0].drain({ timeout: 20_000 });
    expect(await call).toBe("second");
    expect(await drained).toBe(true);
  }));
