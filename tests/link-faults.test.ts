/** Links with faults between real sockets: broken at random under load, half open, slow, cut into single bytes. */
import { readFileSync } from "node:fs";
import { Client, type ClientOptions } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Dice, type FaultProxyOptions } from "@sluice/protocol/testing";
import { faultProxy, finishesCleanly, type SocketFaultProxy } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { describe, expect, test } from "vitest";
import { aborted, until } from "./world.ts";

const protocol = {
  echo: {
    type: "channel",
    send: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "integer" },
  },
  wait: { type: "request", result: { type: "string" } },
} as const satisfies ProtocolDefinition;
type Protocol = typeof protocol;

const ignore = (): void => {};
const quiet = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const fast = { initial: 1, max: 5 };
/** A client that is back within 5 ms of each loss may come back to no avail more often than one with delays as they are by default. */
const often = { events: 1_000, perMs: 1_000 };

function pem(name: string): string {
  const folder = "../packages/transport-socket/test/certificates";
  return readFileSync(new URL(`${folder}/${name}`, import.meta.url), "utf8");
}

interface World {
  readonly client: Client<Protocol>;
  readonly server: Server<Protocol>;
  readonly proxy: SocketFaultProxy;
  /** Why each handler of `wait` was told to end. */
  readonly reasons: unknown[];
}

interface WorldOptions {
  readonly scheme?: "tcp" | "tls";
  readonly proxy?: FaultProxyOptions;
  readonly times?: { readonly heartbeat?: number; readonly deadAfter?: number; readonly graceMs?: number };
  readonly client?: Partial<ClientOptions<Protocol>>;
  /** As of the server. */
  readonly abuseRate?: { readonly events: number; readonly perMs: number };
}

function inWorld(
  { scheme = "tcp", proxy: faults, times, client: more, abuseRate }: WorldOptions,
  body: (world: World) => Promise<void>,
): Promise<void> {
  return finishesCleanly(async () => {
    const reasons: unknown[] = [];
    const server = new Server({
      protocol,
      public: true,
      logger: quiet,
      ...times,
      ...(abuseRate === undefined ? {} : { limits: { abuseRate } }),
      handlers: {
        async *echo({ readable }) {
          let count = 0;
          for await (const n of readable) {
            count++;
            yield n;
          }
          return count;
        },
        async wait({ signal }) {
          reasons.push(await aborted(signal));
          return "over";
        },
      },
    });
    const tls = { cert: pem("server.crt"), key: pem("server.key") };
    const [address = ""] = await server.listen(
      listenSocket({ port: 0, ...(scheme === "tls" ? { tls } : {}) }),
    );
    const proxy = await faultProxy("tcp://127.0.0.1:0", address.replace("tls:", "tcp:"), faults);
    const socket = proxy.address.replace("tcp:", `${scheme}:`);
    const transport = new SocketTransport({
      socket,
      ...(scheme === "tls" ? { tls: { ca: pem("ca.crt") } } : {}),
    });
    const client = new Client({ protocol, transport, reconnect: fast, logger: quiet, ...times, ...more });
    try {
      await body({ client, server, proxy, reasons });
    } finally {
      await client.dispose();
      await proxy.close();
      await server.dispose();
    }
  });
}

/** Sends 0 to `count` − 1 through a channel that echoes, and checks what comes back, item by item. */
async function echoAll(client: Client<Protocol>, count: number): Promise<void> {
  const channel = client.channel("echo");
  const sending = (async () => {
    const writer = channel.writable.getWriter();
    for (let n = 0; n < count; n++) await writer.write(n);
    await writer.close();
  })();
  let next = 0;
  for await (const n of channel) if (n !== next++) throw new Error(`${n} came where ${next - 1} was due`);
  await sending;
  expect(next).toBe(count);
  expect(await channel).toBe(count);
}

describe.each(["tcp", "tls"] as const)("a link over %s", (scheme) => {
  test(
    "X1 X2 SE-2 that breaks 200 times at random during 100,000 numbered messages each way: none lost, doubled or reordered",
    () =>
      inWorld(
        { scheme, proxy: { faults: { both: { sliceBytes: 4096 } } }, abuseRate: often },
        async ({ client, proxy }) => {
          const dice = Dice.seeded(20_261_121);
          let cuts = 0;
          let untilCut = 100_000;
          proxy.on("passed", ({ connection, chunk }) => {
            untilCut -= chunk.length;
            if (untilCut > 0 || cuts >= 200) return;
            cuts++;
            untilCut = 1 + dice.below(20_000);
            if (dice.oneIn(2)) connection.cut();
            else connection.reset();
          });
          await echoAll(client, 100_000);
          expect(cuts).toBe(200);
        },
      ),
    120_000,
  );

  test("X6 cut into single bytes says the same", () =>
    inWorld({ scheme, proxy: { faults: { both: { sliceBytes: 1 } } } }, ({ client }) =>
      echoAll(client, 300),
    ));
});

describe("a link that is half open", () => {
  const times = { heartbeat: 200, deadAfter: 400, graceMs: 10_000 };

  test.each(["both", "toServer", "toClient"] as const)(
    "X3 X4 (%s) is found out by the heartbeat, and its calls go on over the next one",
    (way) =>
      inWorld({ times }, async ({ client, server, proxy, reasons }) => {
        const call = client.request("wait", { signal: AbortSignal.timeout(60_000) });
        call.catch(ignore);
        await until(() => server.connections[0]?.runningHandlers === 1);
        const before = proxy.accepted;
        for (const connection of proxy.connections) connection.blackhole(way);
        await until(() => proxy.accepted > before && client.status === "connected", "the client is back");
        await client.ping();
        expect([reasons, server.connections.length, server.connections[0]?.runningHandlers]).toEqual([
          [],
          1,
          1,
        ]);
        await echoAll(client, 10);
      }),
    30_000,
  );

  test(
    "X5 that is slow is not taken for dead while bytes flow",
    () =>
      inWorld(
        {
          times: { heartbeat: 100, deadAfter: 300 },
          proxy: { faults: { both: { bytesPerSecond: 20_000, sliceBytes: 64 } } },
        },
        async ({ client, proxy }) => {
          await client.ready;
          const before = proxy.accepted;
          await echoAll(client, 400);
          expect(proxy.accepted).toBe(before);
        },
      ),
    60_000,
  );
});

test(
  "X7 a link that comes and goes loses nothing, and is looked for no more than once each time it is there",
  () =>
    inWorld({ times: { graceMs: 1_000 } }, async ({ client, proxy }) => {
      let flaps = 0;
      const flap = (): void => {
        if (++flaps > 20) return;
        proxy.down();
        setImmediate(() => proxy.heal());
      };
      let passed = 0;
      proxy.on("passed", ({ chunk }) => {
        passed += chunk.length;
        if (passed > flaps * 20_000 + 10_000 && !proxy.isDown) flap();
      });
      await echoAll(client, 20_000);
      expect(flaps).toBeGreaterThan(20);
      expect(proxy.accepted).toBeLessThanOrEqual(flaps + 1);
    }),
  60_000,
);

describe("a client that vanishes", () => {
  test("X11 tells its handlers when the grace has passed, and not before", () =>
    inWorld(
      { times: { graceMs: 300 }, client: { reconnect: { initial: 60_000, max: 60_000, jitter: "none" } } },
      async ({ client, server, proxy, reasons }) => {
        const events: string[] = [];
        server.on("detached", () => void events.push("detached"));
        server.on(
          "disconnected",
          ({ error }) => void events.push(`disconnected ${(error.cause as { code?: string })?.code}`),
        );
        const call = client.request("wait");
        await until(() => server.connections[0]?.runningHandlers === 1);
        const lostAt = performance.now();
        proxy.down();
        await until(() => events.length === 1);
        expect([reasons, server.connections]).toEqual([[], []]);
        await expect(call).rejects.toMatchObject({
          code: "UNAVAILABLE",
          processed: "maybe",
          cause: { code: "SESSION_LOST" },
        });
        await until(() => reasons.length === 1);
        expect(performance.now() - lostAt).toBeGreaterThan(290);
        expect([reasons, events]).toEqual([["disconnected"], ["detached", "disconnected SESSION_LOST"]]);
      },
    ));
});
