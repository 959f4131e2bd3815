/** WebSockets between real peers: links that are broken, peers that do not read, sessions that go on over another carrier. */
import { Client, type ClientOptions, connect } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Dice, type FaultProxyOptions } from "@sluice/protocol/testing";
import { faultProxy, finishesCleanly, type SocketFaultProxy } from "@sluice/protocol/testing/node";
import { Server, type ServerOptions } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { listenWebSocket, WebSocketTransport } from "@sluice/transport-websocket";
import { describe, expect, test } from "vitest";
import { aborted, comesToRest, until } from "./world.ts";

const protocol = {
  echo: {
    type: "channel",
    send: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "integer" },
  },
  pour: { type: "stream", receive: { type: "string", contentEncoding: "base64" } },
  once: { type: "request", param: { type: "string" }, result: { type: "string" } },
  wait: { type: "request", result: { type: "string" } },
} as const satisfies ProtocolDefinition;
type Protocol = typeof protocol;

const ignore = (): void => {};
const quiet = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const fast = { initial: 1, max: 5 };
const itemBytes = 960;

interface World {
  readonly server: Server<Protocol>;
  /** In front of the WebSocket. */
  readonly proxy: SocketFaultProxy;
  /** The address of the proxy. */
  readonly url: string;
  /** Where the same server listens on TCP. */
  readonly tcp: string;
  /** Items that `pour` could write, by call. */
  readonly poured: number[];
  /** Why each handler of `wait` was told to end. */
  readonly reasons: unknown[];
  /** How often `once` ran. */
  readonly runs: string[];
  /** What `once` waits for. */
  release(): void;
  client(options?: Partial<ClientOptions<Protocol>>): Client<Protocol>;
}

interface WorldOptions {
  readonly proxy?: FaultProxyOptions;
  readonly server?: Partial<ServerOptions<Protocol, undefined>>;
}

function inWorld(
  { proxy: faults, server: more }: WorldOptions,
  body: (world: World) => Promise<void>,
): Promise<void> {
  return finishesCleanly(async () => {
    const poured: number[] = [];
    const reasons: unknown[] = [];
    const runs: string[] = [];
    let release = ignore;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = new Server({
      protocol,
      public: true,
      logger: quiet,
      ...more,
      handlers: {
        async *echo({ readable }) {
          let count = 0;
          for await (const n of readable) {
            count++;
            yield n;
          }
          return count;
        },
        async pour({ writable, signal }) {
          const writer = writable.getWriter();
          const call = poured.push(0) - 1;
          while (!signal.aborted) {
            await writer.write(new Uint8Array(itemBytes));
            poured[call] = (poured[call] ?? 0) + 1;
          }
        },
        async once({ param }) {
          runs.push(param);
          await released;
          return `${param}, run ${runs.length}`;
        },
        async wait({ signal }) {
          reasons.push(await aborted(signal));
          return "over";
        },
      },
    });
    const [ws = "", tcp = ""] = await server.listen(listenWebSocket({ port: 0 }), listenSocket({ port: 0 }));
    const proxy = await faultProxy("tcp://127.0.0.1:0", `tcp://${new URL(ws).host}`, faults);
    const url = proxy.address.replace("tcp:", "ws:");
    const clients: Client<Protocol>[] = [];
    try {
      await body({
        server,
        proxy,
        url,
        tcp,
        poured,
        reasons,
        runs,
        release: () => release(),
        client(options = {}) {
          const transport = new WebSocketTransport({ url });
          const client = new Client({ protocol, transport, reconnect: fast, logger: quiet, ...options });
          clients.push(client);
          return client;
        },
      });
    } finally {
      release();
      await Promise.all(clients.map((client) => client.dispose()));
      await proxy.close();
      await server.dispose();
    }
  });
}

/** Sends 0 to `count` − 1 through a channel that echoes, and checks what comes back, item by item. */
async function echoAll(
  client: Client<Protocol>,
  count: number,
  onItem: (n: number) => void = ignore,
): Promise<void> {
  const channel = client.channel("echo");
  const sending = (async () => {
    const writer = channel.writable.getWriter();
    for (let n = 0; n < count; n++) await writer.write(n);
    await writer.close();
  })();
  let next = 0;
  for await (const n of channel) {
    if (n !== next++) throw new Error(`${n} came where ${next - 1} was due`);
    onItem(n);
  }
  await sending;
  expect(next).toBe(count);
  expect(await channel).toBe(count);
}

describe("a WebSocket that breaks", () => {
  test(
    "X1 X2 SE-2 100 times at random during 30,000 numbered messages each way: none lost, doubled or reordered",
    () =>
      inWorld({ proxy: { faults: { both: { sliceBytes: 4096 } } } }, async ({ client, proxy }) => {
        const dice = Dice.seeded(20_261_122);
        let cuts = 0;
        let untilCut = 50_000;
        proxy.on("passed", ({ connection, chunk }) => {
          untilCut -= chunk.length;
          if (untilCut > 0 || cuts >= 100) return;
          cuts++;
          untilCut = 1 + dice.below(12_000);
          if (dice.oneIn(2)) connection.cut();
          else connection.reset();
        });
        await echoAll(client(), 30_000);
        expect(cuts).toBe(100);
      }),
    120_000,
  );

  test("X6 only in time: cut into single bytes it says the same", () =>
    inWorld({ proxy: { faults: { both: { sliceBytes: 1 } } } }, ({ client }) => echoAll(client(), 300)));

  test("SE-1 at every seventh byte of its upgrade and handshake, and a request runs once all the same", () =>
    inWorld({}, async ({ client, proxy, runs, release }) => {
      release();
      // The length of what a client says until its request has arrived, and of the answers.
      await client().request("once", { param: "measured" });
      const whole = { ...proxy.bytes };
      expect(whole.toServer).toBeGreaterThan(400);
      for (const way of ["toServer", "toClient"] as const) {
        for (let place = 1; place <= whole[way]; place += 7) {
          const name = `${way} ${place}`;
          let seen = 0;
          const stop = proxy.on("passed", (passed) => {
            if (passed.way !== way || seen >= place) return;
            seen += passed.chunk.length;
            if (seen >= place) passed.connection.cut();
          });
          const one = client();
          expect(await one.request("once", { param: name })).toContain(name);
          expect(runs.filter((run) => run === name)).toEqual([name]);
          stop();
          await one.dispose();
        }
      }
    }));

  test("X3 without a word is noticed by its silence, at both ends", () => {
    const times = { heartbeat: 100, deadAfter: 200, graceMs: 10_000 };
    return inWorld({ server: times }, async ({ client, proxy, server }) => {
      const one = client(times);
      await one.ready;
      const lost: string[] = [];
      server.on("detached", () => void lost.push("server"));
      one.on("status", (status) => void (status === "reconnecting" && lost.push("client")));
      proxy.blackhole();
      await until(() => lost.length === 2);
      expect(lost.sort()).toEqual(["client", "server"]);
      proxy.heal();
      await until(() => one.status === "connected");
      await echoAll(one, 10);
    });
  });
});

describe("a peer that does not read", () => {
  test("FC-14 a client that stops reading a stream holds its handler at the window, and nobody else", () =>
    inWorld({}, async ({ client, poured, proxy }) => {
      const slow = client();
      await slow.ready;
      const stream = slow.stream("pour");
      await comesToRest(() => poured[0] ?? 0, 64, "items that were poured");
      // 1,024 offset bytes an item: the window of 64 KiB, and the write that waits.
      expect(poured[0]).toBe(64);
      const before = proxy.bytes.toClient;
      await echoAll(client(), 2_000);
      await echoAll(slow, 2_000);
      expect(poured[0]).toBe(64);
      expect(proxy.bytes.toClient).toBeGreaterThan(before);
      stream.abort();
      await stream.result.catch(ignore);
    }));

  test("W7 FC-14 of the socket itself holds at most the room of its link, is cut off by its silence, and can be resumed", () => {
    const times = { heartbeat: 300, deadAfter: 600, graceMs: 10_000 };
    return inWorld(
      { server: times, proxy: { bufferBytes: 1_024 } },
      async ({ client, proxy, server, poured }) => {
        const one = client({ reconnect: { initial: 1, max: 5 } });
        await one.ready;
        const got: number[] = [];
        const reading = (async () => {
          for await (const { length } of one.stream("pour")) got.push(length);
        })().catch(ignore);
        await until(() => got.length > 1_000);
        const detached = new Promise((resolve) => server.on("detached", resolve));
        const resumed = new Promise((resolve) => server.on("resumed", resolve));
        // Nothing is taken from the server any more: its system's buffers fill, then the socket's.
        proxy.blackhole("toClient", "hold");
        const at = poured[0] ?? 0;
        await detached;
        const ahead = ((poured[0] ?? 0) - at) * 1_024;
        // A window that had grown to its 1 MiB, and what was granted on the way.
        expect(ahead).toBeLessThan(4 * 1024 * 1024);
        proxy.cut();
        proxy.heal();
        await resumed;
        const before = got.length;
        await until(() => got.length > before + 1_000);
        await one.dispose();
        await reading;
        expect(poured.length).toBe(1);
      },
    );
  });
});

describe("a session", () => {
  test("SE-12 that began on a socket goes on over a WebSocket, and back: calls of all kinds, nothing lost or run twice", () =>
    inWorld({}, async ({ client, proxy, server, tcp, url, runs, reasons, release }) => {
      const sockets = await faultProxy("tcp://127.0.0.1:0", tcp);
      const carriers: string[] = [];
      const one = client({
        transport: [new SocketTransport({ socket: sockets.address }), new WebSocketTransport({ url })],
      });
      const note = (): void => {
        const [connection] = server.connections;
        if (connection !== undefined) carriers.push(connection.id);
      };
      await one.ready;
      expect([sockets.accepted, proxy.accepted]).toEqual([1, 0]);
      note();
      const answer = one.request("once", { param: "kept" });
      const controller = new AbortController();
      const waiting = one.request("wait", { signal: controller.signal }).catch((error) => error.code);
      await until(() => runs.length === 1 && server.connections[0]?.runningHandlers === 2);

      let switches = 0;
      await echoAll(one, 6_000, (n) => {
        if (n % 1_000 !== 500) return;
        switches++;
        if (sockets.isDown) {
          sockets.heal();
          proxy.down();
        } else {
          proxy.heal();
          sockets.down();
        }
      });
      expect(switches).toBe(6);
      expect(proxy.accepted).toBeGreaterThan(0);
      expect(sockets.accepted).toBeGreaterThan(1);
      proxy.heal();
      sockets.heal();
      await until(() => one.status === "connected");
      note();
      expect(reasons).toEqual([]);
      release();
      expect(await answer).toBe("kept, run 1");
      controller.abort();
      expect(await waiting).toBe("CANCELLED");
      // The same connection to the server all the time.
      expect(new Set(carriers).size).toBe(1);
      expect(runs).toEqual(["kept"]);
      await one.dispose();
      await sockets.close();
    }));
});

test("connect() and listen() know ws:, and take it among others", () =>
  finishesCleanly(async () => {
    const server = new Server({
      protocol: { where: { type: "request", result: { type: "string" } } } as const,
      public: true,
      logger: quiet,
      handlers: { where: ({ connection }) => connection.transport },
    });
    const [address = ""] = await server.listen("ws://127.0.0.1:0/rpc");
    expect(address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/rpc$/);
    const { port } = new URL(address);
    const client = await connect(["tcp://127.0.0.1:1", address], {
      protocol: { where: { type: "request", result: { type: "string" } } } as const,
      reconnect: fast,
      logger: quiet,
    });
    expect(await client.request("where")).toBe("ws");
    await client.dispose();
    const lost = await connect(`ws://127.0.0.1:${port}/other`, { reconnect: false, logger: quiet });
    await expect(lost.ready).rejects.toMatchObject({ code: "NOT_FOUND" });
    await server.dispose();
  }));
