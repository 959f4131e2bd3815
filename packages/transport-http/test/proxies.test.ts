/** Proxies that collect events or cut what is idle, servers that let nobody stay, and sessions that come from another transport. */
import { Client } from "@sluice/client";
import { FakeClock, MemoryFaultProxy } from "@sluice/protocol/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ClientTransport, type Degradation } from "../src/client-transport.ts";
import {
  countInOrder,
  echoInOrder,
  type FaultsOptions,
  type FaultsWorld,
  faultsWorld,
  protocol,
} from "./faults-world.ts";

// Far more than they take: for machines that are busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const worlds: FaultsWorld[] = [];

async function open(options?: FaultsOptions): Promise<FaultsWorld> {
  const world = await faultsWorld(options);
  worlds.push(world);
  return world;
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

describe("X44 a proxy that holds events back", () => {
  test("is noticed and reported, and events that are padded pass through it whole and in order", async () => {
    const degraded: Degradation[] = [];
    const world = await open({
      proxy: { buffer: { bytes: 4_096, ms: 8_000 } },
      transport: { onDegraded: (degradation) => void degraded.push(degradation) },
    });
    await world.client.ready;
    expect(degraded).toEqual([{ lateMs: 2_000, isPadded: false }]);
    await Promise.all([countInOrder(world.client, 2_000), echoInOrder(world.client, 500)]);
    const told = world.warnings.filter((warning) => warning.includes("Trying with padding"));
    expect(told.length).toBe(1);
    expect(degraded.length).toBe(1);
  });

  test("where padding does not help is reported as that, and the next transport is taken", async () => {
    const degraded: Degradation[] = [];
    const world = await open({ proxy: { buffer: { bytes: 2 ** 20, ms: 60_000 } } });
    const memory = new MemoryFaultProxy();
    world.server.handle(memory.server);
    const held = new ClientTransport({
      url: `${world.proxy.origin}/rpc`,
      logger: silent,
      onDegraded: (degradation) => void degraded.push(degradation),
    });
    const client = new Client({
      protocol,
      transport: [held, memory.client],
      logger: silent,
      handshakeTimeout: 3_000,
      reconnect: { initial: 1, max: 5 },
    });
    expect(await client.request("double", { param: 21 })).toBe(42);
    expect(degraded[0]).toEqual({ lateMs: 2_000, isPadded: false });
    expect(world.server.connections.map(({ transport }) => transport)).toContain("memory");
    await client.dispose();
    await held.dispose();
  });
});

describe("X45 a proxy that cuts idle connections", () => {
  const quiet = { heartbeat: 600_000, deadAfter: 1_200_000 } as const;

  test("does not cut one that is kept alive by a comment every 15 s", async () => {
    const clock = new FakeClock();
    const world = await open({ clock, proxy: { idleMs: 20_000 }, limits: quiet });
    await until(clock, world.client.ready);
    for (let round = 0; round < 8; round++) {
      const passed = new Promise<void>((resolve) => world.proxy.once("passed", () => resolve()));
      await clock.advance(15_000);
      await passed;
    }
    expect([world.proxy.opened, world.proxy.streams]).toEqual([1, 1]);
  });

  test("cuts one whose comments are too rare, and its session goes on over the next", async () => {
    const clock = new FakeClock();
    const server = { keepAlive: 60_000 };
    const world = await open({ clock, proxy: { idleMs: 20_000 }, server, limits: quiet });
    await until(clock, world.client.ready);
    const cut = new Promise<void>((resolve) => world.proxy.once("streamClosed", () => resolve()));
    await clock.advance(20_000);
    await cut;
    expect(await until(clock, world.client.request("double", { param: 4 }))).toBe(8);
    expect(world.proxy.opened).toBe(2);
  });
});

test("SE-12 a session that began over another transport goes on over HTTP", async () => {
  const world = await open();
  const memory = new MemoryFaultProxy();
  world.server.handle(memory.server);
  const client = new Client({
    protocol,
    transport: [memory.client, new ClientTransport({ url: world.http.url })],
    logger: silent,
    reconnect: { initial: 1, max: 5 },
  });
  let handlers = 0;
  world.server.on("call:start", () => void handlers++);
  const channel = client.channel("echo");
  const reader = channel.readable.getReader();
  for (let number = 1; number <= 50; number++) {
    await channel.send(number);
    expect(await reader.read()).toEqual({ value: number, done: false });
    if (number === 20) {
      memory.down();
      // Written while nobody is there.
      await channel.send(0);
      expect(await reader.read()).toEqual({ value: 0, done: false });
      expect(world.http.transport.links).toBe(1);
    }
  }
  await channel.close();
  expect(handlers).toBe(1);
  await client.dispose();
});

test("H16 a server that lets a client in and drops it at once is tried ever more rarely", async () => {
  const clock = new FakeClock();
  const attempts: number[] = [];
  let live = 0;
  let most = 0;
  const transport = new ClientTransport({
    url: "http://localhost/rpc",
    clock,
    logger: silent,
    async fetch(_url, { headers }) {
      const isOpening = new Headers(headers).get("accept") === "text/event-stream";
      if (!isOpening) return new Response(null, { status: 404 });
      attempts.push(clock.now());
      most = Math.max(most, ++live);
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("retry: 0\n\n:\n\n"));
          controller.close();
          live--;
        },
      });
      return new Response(body, {
        headers: { "content-type": "text/event-stream", "sluice-link": "0".repeat(32) },
      });
    },
  });
  const client = new Client({ protocol, transport, clock, logger: silent });
  client.on("status", () => {});
  for (let second = 0; attempts.length < 100 && second < 20_000; second++) {
    await clock.advance(1_000);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(attempts.length).toBeGreaterThanOrEqual(100);
  for (const [at, time] of attempts.entries()) {
    const before = attempts[at - 1];
    if (before === undefined) continue;
    // Full jitter: anything up to 100 ms · 2^n, 30 s at most; a second of the test's own steps.
    expect(time - before).toBeLessThanOrEqual(Math.min(30_000, 100 * 2 ** at) + 1_000);
  }
  // Fifty delays of up to 30 s are 12 minutes or so; hardly any run of dice makes 2 of them.
  expect((attempts[99] as number) - (attempts[49] as number)).toBeGreaterThan(120_000);
  expect(most).toBe(1);
  await client.dispose();
});

function ignore(): void {}
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** What `promise` brings, while sockets work and time passes by milliseconds only. */
async function until<Value>(clock: FakeClock, promise: PromiseLike<Value>): Promise<Value> {
  let isSettled = false;
  const settled = (): void => {
    isSettled = true;
  };
  promise.then(settled, settled);
  while (!isSettled) {
    await new Promise((resolve) => setImmediate(resolve));
    if ((clock.nextTimerMs ?? 1_000) <= 100) await clock.advance(clock.nextTimerMs ?? 0);
  }
  return promise;
}
