/** A client of two servers, each with state of its own: links that break, drains and ends at awkward moments cost no call its server. */
import { Client, type ClientOptions } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { faultProxy, finishesCleanly, type SocketFaultProxy } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { expect, test } from "vitest";
import { gate, until } from "./world.ts";

const protocol = {
  hold: { type: "request", result: { type: "string" } },
  read: { type: "request", idempotent: true, result: { type: "string" } },
  count: {
    type: "stream",
    receive: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
    cursor: "n",
    result: { type: "string" },
  },
} as const satisfies ProtocolDefinition;
type Protocol = typeof protocol;

const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

class Site {
  readonly server: Server<Protocol, undefined>;
  readonly proxy: SocketFaultProxy;
  /** Handlers that have begun. */
  runs = 0;
  readonly #goOn = gate();

  private constructor(server: Server<Protocol, undefined>, proxy: SocketFaultProxy) {
    this.server = server;
    this.proxy = proxy;
  }

  static async open(name: string): Promise<Site> {
    let site: Site | undefined;
    const hold = async (): Promise<string> => {
      if (site === undefined) throw new Error("a call before there is a listener");
      site.runs++;
      await site.#goOn.promise;
      return name;
    };
    const server = new Server({
      protocol,
      public: true,
      logger: quiet,
      handlers: {
        hold: () => hold(),
        read: () => hold(),
        async *count({ cursor = 0 }) {
          for (let n = cursor + 1; n <= 10; n++) {
            if (n === 6) await hold();
            yield { n };
          }
          return name;
        },
      },
    });
    const [address = ""] = await server.listen(listenSocket({ port: 0 }));
    site = new Site(server, await faultProxy("tcp://127.0.0.1:0", address));
    return site;
  }

  /** Lets handlers end. */
  goOn(): void {
    this.#goOn.open();
  }

  async close(): Promise<void> {
    this.goOn();
    await this.server.dispose();
    await this.proxy.close();
  }
}

interface World {
  readonly a: Site;
  readonly b: Site;
  connect(options?: Partial<ClientOptions<Protocol>>): Client<Protocol>;
}

function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  return finishesCleanly(async () => {
    const a = await Site.open("a");
    const b = await Site.open("b");
    const clients: Client<Protocol>[] = [];
    const connect = (options: Partial<ClientOptions<Protocol>> = {}): Client<Protocol> => {
      const transport = [a, b].map(({ proxy }) => new SocketTransport({ socket: proxy.address }));
      const reconnect = { initial: 10, max: 40 };
      const client = new Client({ protocol, transport, reconnect, logger: quiet, ...options });
      clients.push(client);
      return client;
    };
    try {
      await body({ a, b, connect });
    } finally {
      await Promise.all(clients.map((client) => client.dispose()));
      await Promise.all([a.close(), b.close()]);
    }
  });
}

test("X7 a link to the second server that is cut while the first is there again: the call goes on where it runs", () =>
  inWorld(async ({ a, b, connect }) => {
    a.proxy.down();
    const client = connect();
    const call = client.request("hold");
    await until(() => b.runs === 1);
    a.proxy.heal();
    b.proxy.cut();
    await until(() => client.status === "reconnecting");
    await until(() => client.status === "connected");
    b.goOn();
    expect([await call, b.runs, a.runs]).toEqual(["b", 1, 0]);
  }));

test("X7 a server that cannot be reached for a while: new calls go to the other, its own go on when it is back", () =>
  inWorld(async ({ a, b, connect }) => {
    const client = connect();
    const call = client.request("hold");
    await until(() => a.runs === 1);
    const noticed = new Promise((resolve) => client.on("status", resolve));
    a.proxy.down();
    await noticed;
    b.goOn();
    expect(await client.request("hold")).toBe("b");
    a.proxy.heal();
    a.goOn();
    expect([await call, a.runs]).toEqual(["a", 1]);
  }));

test("X9 a server that does not come back: what may be made again is made at the other at once, the rest waits for the grace", () =>
  inWorld(async ({ a, b, connect }) => {
    const client = connect({ retry: { initial: 1, max: 2 } });
    const held = client.request("hold");
    const read = client.request("read");
    const count = client.stream("count");
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { n } of count) seen.push(n);
    })();
    await until(() => a.runs === 3 && seen.length === 5);
    b.goOn();
    a.proxy.down();
    expect(await read).toBe("b");
    await reading;
    expect([seen, await count]).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "b"]);
    // Of this one nobody knows whether it has run: its server may live.
    a.proxy.heal();
    a.goOn();
    expect([await held, b.runs]).toEqual(["a", 2]);
  }));

test("X41 a server that drains and cannot be reached for a while: its call goes on, and nothing of it is left elsewhere", () =>
  inWorld(async ({ a, b, connect }) => {
    const client = connect();
    const call = client.request("hold");
    await until(() => a.runs === 1);
    const drained = a.server.drain({ timeout: 20_000 });
    b.goOn();
    expect(await client.request("hold")).toBe("b");
    const lost = new Promise((resolve) => a.server.on("detached", resolve));
    a.proxy.down();
    await lost;
    // Some attempts fail, at either.
    for (let n = 0; n < 20; n++) expect(await client.request("hold")).toBe("b");
    a.proxy.heal();
    a.goOn();
    expect([await call, await drained, client.status]).toEqual(["a", true, "connected"]);
    await until(() => b.server.connections.length === 1, "only one session is left at b");
  }));

test.each(["nobody there", "refused"])(
  "X41 no other server (%s): calls of one that drains come to their ends",
  (what) =>
    inWorld(async ({ a, b, connect }) => {
      if (what === "nobody there") b.proxy.down();
      else await b.server.dispose();
      const client = connect({ reconnect: { initial: 1, max: 2, attempts: 2 } });
      const call = client.request("hold");
      await until(() => a.runs === 1);
      const drained = a.server.drain({ timeout: 20_000 });
      await until(() => client.status === "closed");
      a.goOn();
      expect([await call, await drained]).toEqual(["a", true]);
    }),
);

test("X40 a client that comes back to a server which drains has one session at the other", () =>
  inWorld(async ({ a, b, connect }) => {
    const client = connect();
    const call = client.request("hold");
    await until(() => a.runs === 1);
    const lost = new Promise((resolve) => a.server.on("detached", resolve));
    a.proxy.cut();
    await lost;
    let told = 0;
    b.server.on("connected", () => told++);
    // It finds its session, and DRAIN stands right behind WELCOME.
    const drained = a.server.drain({ timeout: 20_000, retry: 100 });
    b.goOn();
    expect(await client.request("hold")).toBe("b");
    a.goOn();
    expect([await call, await drained]).toEqual(["a", true]);
    await client.dispose();
    expect(told).toBe(1);
    await until(() => b.server.connections.length === 0, "nothing is left at b");
  }));

test("X43 a client that is disposed of while it moves on opens no call any more", () =>
  inWorld(async ({ a, b, connect }) => {
    b.proxy.down();
    const client = connect();
    const call = client.request("hold");
    await until(() => a.runs === 1);
    void a.server.drain({ timeout: 20_000 });
    await until(() => client.status !== "connected");
    const waiting = client.request("hold");
    const refused = expect(waiting).rejects.toMatchObject({ code: "CANCELLED", processed: "no" });
    const disposing = client.dispose();
    b.proxy.heal();
    await refused;
    a.goOn();
    expect(await call).toBe("a");
    await disposing;
    expect(b.runs).toBe(0);
  }));
