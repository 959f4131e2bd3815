/** What proxies do to requests and events: nothing is lost, doubled or reordered, and no handler runs twice. */
import type { PostFault } from "@sluice/protocol/testing/node";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  countInOrder,
  doubleAll,
  echoInOrder,
  type FaultsOptions,
  type FaultsWorld,
  faultsWorld,
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

/** Requests, a stream and a channel at once. */
async function loadOf(world: FaultsWorld): Promise<void> {
  await Promise.all([
    doubleAll(world, 100),
    countInOrder(world.client, 5_000),
    echoInOrder(world.client, 3_000),
    echoInOrder(world.client, 3_000),
  ]);
}

describe("posts", () => {
  const faults: readonly { readonly name: string; readonly fault: PostFault; readonly every: number }[] = [
    { name: "X46 refused with 502", fault: "refuse", every: 3 },
    { name: "X46 answered 502 after they were served", fault: "fail", every: 3 },
    { name: "X46 cut after they were served", fault: "cut", every: 3 },
    { name: "H10 that arrive twice", fault: "double", every: 1 },
    { name: "X47, H10 that arrive behind the next one", fault: "late", every: 3 },
  ];
  test.each(faults)("$name do no harm", async ({ fault, every }) => {
    let met = 0;
    const world = await open({
      proxy: {
        lateMs: 50,
        post: (number) => {
          if (number % every !== 0) return undefined;
          met++;
          return fault;
        },
      },
    });
    await loadOf(world);
    expect(met).toBeGreaterThan(5);
    // They were mended within the link: no other one was needed.
    expect(world.proxy.opened).toBe(1);
  });

  test("H10, X47 with all these faults at once, in any order, do no harm", async () => {
    const kinds: readonly (PostFault | undefined)[] = [
      "late",
      "fail",
      undefined,
      "double",
      "cut",
      "late",
      "refuse",
    ];
    const world = await open({ proxy: { lateMs: 30, post: (number) => kinds[(number * 5) % 7] } });
    await loadOf(world);
    expect(world.proxy.opened).toBe(1);
  });

  test("X46 that all fail end the link, and its calls go on when they work again", async () => {
    const world = await open();
    await world.client.ready;
    const channel = world.client.channel("echo");
    await channel.send(1);
    const reader = channel.readable.getReader();
    expect(await reader.read()).toEqual({ value: 1, done: false });
    world.proxy.set({ post: () => "refuse" });
    await channel.send(2);
    world.proxy.cutStreams();
    // A new link is opened by a request that accepts events; its batches are refused all the same.
    await new Promise<void>((resolve) => world.proxy.once("stream", () => resolve()));
    world.proxy.set({});
    expect(await reader.read()).toEqual({ value: 2, done: false });
    await channel.close();
  });
});

describe("the event stream", () => {
  test("X46, X48 that is cut again and again loses nothing, and there is never more than one of a session", async () => {
    const world = await open();
    await world.client.ready;
    let cuts = 0;
    let live = 0;
    let most = 0;
    world.proxy.on("stream", () => {
      live = world.http.transport.links;
      most = Math.max(most, live);
    });
    const off = world.proxy.on("post", ({ number }) => {
      if (number % 4 === 0 && cuts < 8) {
        cuts++;
        world.proxy.cutStreams();
      }
    });
    while (cuts < 8) {
      world.doubled.clear();
      await loadOf(world);
    }
    off();
    expect(cuts).toBe(8);
    expect(world.proxy.opened).toBeGreaterThan(4);
    // The former may not have heard of its end when the next one comes; then it is told, and one is left.
    expect(most).toBeLessThanOrEqual(2);
    await world.client.request("double", { param: 1_000 });
    expect([world.proxy.streams, world.http.transport.links]).toEqual([1, 1]);
  });

  test("X48 a connection that is cut altogether is made again once", async () => {
    const world = await open();
    await world.client.ready;
    for (let round = 0; round < 5; round++) {
      const opened = new Promise<void>((resolve) => world.proxy.once("stream", () => resolve()));
      world.proxy.cut();
      await opened;
      await doubleAll(world, 1);
      world.doubled.clear();
      expect(world.http.transport.links).toBe(1);
    }
    expect(world.proxy.opened).toBe(6);
  });
});
