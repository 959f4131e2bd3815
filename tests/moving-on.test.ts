/** A server that drains while its client knows another: new calls go there at once, what runs comes to its end, also over another link. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { faultProxy, finishesCleanly } from "@sluice/protocol/testing/node";
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

test("DR-3 SE-11 X41 new calls are served by the next server while a stream goes on where it is, over a link that is cut meanwhile", () =>
  finishesCleanly(async () => {
    const { promise: goOn, open } = gate();
    const servers = [serve("first", goOn), serve("second", goOn)] as const;
    const [first = ""] = await servers[0].listen(listenSocket({ port: 0 }));
    const [second = ""] = await servers[1].listen(listenSocket({ port: 0 }));
    const proxy = await faultProxy("tcp://127.0.0.1:0", first);
    const client = new Client({
      protocol,
      transport: [proxy.address, second].map((socket) => new SocketTransport({ socket })),
      reconnect: { initial: 1, max: 10 },
    });
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
    open();
    await reading;
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, at) => at + 1));
    expect(await count).toBe("first");
    expect(await drained).toBe(true);
    expect(statuses).toEqual(["connecting", "connected", "draining", "connected"]);

    await client.dispose();
    await Promise.all(servers.map((server) => server.dispose()));
    await proxy.close();
  }));

test("DR-3 a server that is back after its clients have gone elsewhere loses each of them when their last call there has ended", () =>
  finishesCleanly(async () => {
    const { promise: goOn, open } = gate();
    const servers = [serve("first", goOn), serve("second", goOn)] as const;
    const [first = ""] = await servers[0].listen(listenSocket({ port: 0 }));
    const [second = ""] = await servers[1].listen(listenSocket({ port: 0 }));
    const proxy = await faultProxy("tcp://127.0.0.1:0", first);
    const client = new Client({
      protocol,
      transport: [proxy.address, second].map((socket) => new SocketTransport({ socket })),
      reconnect: { initial: 1, max: 10 },
    });
    const count = client.stream("count", { param: 2_000 });
    const reader = count.readable.getReader();
    for (let n = 1; n < 1_000; n++) await reader.read();

    proxy.down();
    await until(() => servers[1].connections.length === 1);
    expect(await client.request("who")).toBe("second");
    proxy.heal();
    await until(() => proxy.connections.size === 1);
    expect(await client.request("who")).toBe("second");
    open();
    for (let n = 1_000; n <= 2_000; n++) expect((await reader.read()).value).toBe(n);
    expect([(await reader.read()).done, await count]).toEqual([true, "first"]);

    // What is left of it would be a link for each time that a server was away.
    await until(() => servers[0].connections.length === 0, "the first server has lost its client");
    await until(() => proxy.connections.size === 0, "the link is gone");
    expect([client.status, servers[1].connections.length]).toEqual(["connected", 1]);
    await client.dispose();
    await Promise.all(servers.map((server) => server.dispose()));
    await proxy.close();
  }));

test("a server that calls a client which was away, and is connected to the next, is answered all the same", () =>
  finishesCleanly(async () => {
    const { promise: goOn } = gate();
    const servers = [serve("first", goOn), serve("second", goOn)] as const;
    const [first = ""] = await servers[0].listen(listenSocket({ port: 0 }));
    const [second = ""] = await servers[1].listen(listenSocket({ port: 0 }));
    const proxy = await faultProxy("tcp://127.0.0.1:0", first);
    const client = new Client({
      protocol,
      clientProtocol,
      handlers: { ring: ({ param }) => 2 * param },
      transport: [proxy.address, second].map((socket) => new SocketTransport({ socket })),
      reconnect: { initial: 1, max: 10 },
    });
    expect(await client.request("who")).toBe("first");
    const [connection] = servers[0].connections;
    proxy.down();
    await until(() => servers[0].connections.length === 0 && servers[1].connections.length === 1);
    const ring = connection?.client.request("ring", { param: 21 });
    proxy.heal();
    expect(await ring).toBe(42);
    await until(() => proxy.connections.size === 0, "the client has left");
    expect([client.status, servers[0].connections.length]).toEqual(["connected", 0]);
    await client.dispose();
    await Promise.all(servers.map((server) => server.dispose()));
    await proxy.close();
  }));

test("DR-1 a call that crosses the drain of a server where nothing goes on is made at the next one", () =>
  finishesCleanly(async () => {
    const { promise: goOn } = gate();
    const servers = [serve("first", goOn), serve("second", goOn)] as const;
    const [first = ""] = await servers[0].listen(listenSocket({ port: 0 }));
    const [second = ""] = await servers[1].listen(listenSocket({ port: 0 }));
    const proxy = await faultProxy("tcp://127.0.0.1:0", first);
    const client = new Client({
      protocol,
      transport: [proxy.address, second].map((socket) => new SocketTransport({ socket })),
      reconnect: { initial: 1, max: 10 },
    });
    expect(await client.request("who")).toBe("first");
    await until(() => servers[0].connections[0]?.openCalls === 0, "nothing goes on at the first server");
    // What the client sends is on its way when the server says that it takes no more, and has nothing left to wait for.
    proxy.blackhole("toServer", "hold");
    const call = client.request("who");
    const drained = servers[0].drain({ timeout: 20_000 });
    await until(
      () => client.status === "connected" && servers[1].connections.length === 1,
      "it has moved on",
    );
    proxy.heal();
    expect(await call).toBe("second");
    expect(await drained).toBe(true);
    await client.dispose();
    await Promise.all(servers.map((server) => server.dispose()));
    await proxy.close();
  }));
