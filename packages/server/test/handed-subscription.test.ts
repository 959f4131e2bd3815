/** Subscriptions that handlers return: items go straight to the calls, and are encoded once for all of them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, connect } from "@sluice/client";
import { type ProtocolDefinition, SluiceError } from "@sluice/protocol";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { describe, expect, test } from "vitest";
import { type Broadcast, broadcast, Server, type Subscription } from "../src/index.ts";
import { gate } from "./world.ts";

/** A call that takes what it is handed, and waits when it is told to. */
function taker<Item>(subscription: Subscription<Item>) {
  const taken: Item[] = [];
  const ends: unknown[] = [];
  const state: { wait: Promise<void> | undefined; before: ((item: Item) => void) | undefined } = {
    wait: undefined,
    before: undefined,
  };
  subscription.handTo({
    take(item) {
      state.before?.(item);
      taken.push(item);
      return state.wait;
    },
    end: (error) => ends.push(error),
  });
  return { taken, ends, state };
}

describe("what is handed over", () => {
  test("is what was buffered first, then what comes, without a turn between", () => {
    const hub = broadcast<number>({ overflow: "error" });
    const subscription = hub.subscribe();
    void hub.publish(1);
    void hub.publish(2);
    const { taken } = taker(subscription);
    expect(taken).toEqual([1, 2]);
    void hub.publish(3);
    expect(taken).toEqual([1, 2, 3]);
  });

  test("waits in the buffer, by its policy, while the call is full", async () => {
    const hub = broadcast<number>({ overflow: "drop-oldest", size: 2 });
    const subscription = hub.subscribe();
    const { taken, state } = taker(subscription);
    const full = gate();
    state.wait = full.promise;
    for (let n = 1; n <= 5; n++) void hub.publish(n);
    expect(taken).toEqual([1]);
    expect([subscription.buffered, subscription.dropped]).toEqual([2, 2]);
    state.wait = undefined;
    full.open();
    await expect.poll(() => taken).toEqual([1, 4, 5]);
    void hub.publish(6);
    expect(taken).toEqual([1, 4, 5, 6]);
  });

  test("holds up who publishes, if it blocks", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 1 });
    const { taken, state } = taker(hub.subscribe());
    const full = gate();
    state.wait = full.promise;
    await hub.publish(1);
    await hub.publish(2);
    let isPublished = false;
    const third = hub.publish(3).then(() => {
      isPublished = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isPublished).toBe(false);
    state.wait = undefined;
    full.open();
    await third;
    expect(taken).toEqual([1, 2, 3]);
  });

  test("keeps its order when taking an item publishes another", () => {
    const hub = broadcast<number>({ overflow: "error" });
    const first = taker(hub.subscribe());
    const second = taker(hub.subscribe());
    first.state.before = (item) => {
      if (item === 1) void hub.publish(2);
    };
    void hub.publish(1);
    void hub.publish(3);
    expect(first.taken).toEqual([1, 2, 3]);
    expect(second.taken.toSorted()).toEqual([1, 2, 3]);
  });

  test("goes to one call: another that is given the same subscription is refused, and takes nothing from it", async () => {
    const hub = broadcast<number>({ overflow: "error" });
    const subscription = hub.subscribe();
    const { taken, ends } = taker(subscription);
    expect(() => taker(subscription)).toThrow("subscribe once for each call");
    void hub.publish(1);
    expect([taken, ends]).toEqual([[1], []]);
    const read = hub.subscribe();
    const first = read.next();
    expect(() => taker(read)).toThrow(TypeError);
    void hub.publish(2);
    expect((await first).value).toBe(2);
  });

  test("does not deepen the stack by what is buffered", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 100_000, maxWaiting: 1 });
    const subscription = hub.subscribe();
    for (let n = 0; n < 100_000; n++) await hub.publish(n);
    expect(taker(subscription).taken).toHaveLength(100_000);
  });

  test("ends once: with the hub, after what is buffered", async () => {
    const hub = broadcast<number>({ overflow: "error" });
    const quick = taker(hub.subscribe());
    const slow = taker(hub.subscribe());
    const full = gate();
    slow.state.wait = full.promise;
    void hub.publish(1);
    void hub.publish(2);
    const why = new Error("night");
    hub.close(why);
    expect([quick.taken, quick.ends]).toEqual([[1, 2], [why]]);
    expect([slow.taken, slow.ends]).toEqual([[1], []]);
    slow.state.wait = undefined;
    full.open();
    await expect.poll(() => slow.ends).toEqual([why]);
    expect(slow.taken).toEqual([1, 2]);
    const late = taker(hub.subscribe());
    expect([late.taken, late.ends]).toEqual([[], [why]]);
  });

  test("ends once: by the signal, by return() and by a call that fails while it is waited for", async () => {
    const hub = broadcast<number>({ overflow: "error" });
    const { signal, leave } = ((controller) => ({
      signal: controller.signal,
      leave: () => controller.abort(),
    }))(new AbortController());
    const signalled = taker(hub.subscribe({ signal }));
    const held = hub.subscribe();
    const returned = taker(held);
    const failing = taker(hub.subscribe());
    let fail: (reason: Error) => void = () => {};
    // Both wait; one of them has left when that fails.
    failing.state.wait = returned.state.wait = new Promise((_, reject) => {
      fail = reject;
    });
    void hub.publish(1);
    leave();
    void held.return();
    const why = new Error("gone");
    fail(why);
    await expect.poll(() => failing.ends).toEqual([why]);
    expect([signalled.ends, returned.ends, hub.subscribers]).toEqual([[undefined], [undefined], 0]);
    void hub.publish(2);
    hub.close();
    expect([signalled, returned, failing].map(({ taken, ends }) => [taken, ends.length])).toEqual([
      [[1], 1],
      [[1], 1],
      [[1], 1],
    ]);
  });
});

const protocol = {
  watch: {
    type: "stream",
    receive: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
    errors: { NIGHT: { description: "Nothing to be seen" } },
  },
  film: { type: "stream", receive: { type: "string", contentEncoding: "base64" } },
} as const satisfies ProtocolDefinition;

interface World {
  readonly ticks: Broadcast<{ readonly n: number }>;
  readonly frames: Broadcast<Uint8Array>;
  readonly faults: unknown[];
  join(): Promise<Client<typeof protocol>>;
}

function inWorld(use: (world: World) => Promise<void>): Promise<void> {
  return finishesCleanly(async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-handed-"));
    const url = `unix:${join(folder, "hub.sock")}`;
    const ticks = broadcast<{ readonly n: number }>({ overflow: "drop-oldest", size: 16 });
    const frames = broadcast<Uint8Array>({ overflow: "drop-oldest", size: 16 });
    const faults: unknown[] = [];
    const note = (...parts: unknown[]): void => void faults.push(parts);
    const server = new Server({
      protocol,
      public: true,
      logger: { trace: () => {}, debug: () => {}, info: () => {}, warn: note, error: note },
      handlers: {
        watch: ({ signal }) => ticks.subscribe({ signal }),
        // Without the signal: it is not needed.
        film: () => frames.subscribe(),
      },
    });
    await server.listen(url);
    const clients: Client<typeof protocol>[] = [];
    const join_ = async (): Promise<Client<typeof protocol>> => {
      const client = await connect(url, { protocol });
      clients.push(client);
      return client;
    };
    try {
      await use({ ticks, frames, faults, join: join_ });
    } finally {
      for (const client of clients) await client.dispose();
      await server.dispose();
      await rm(folder, { recursive: true });
    }
  });
}

describe("a handler that returns a subscription", () => {
  test("gives its caller the items and the end", () =>
    inWorld(async ({ ticks, join }) => {
      const client = await join();
      const call = client.stream("watch");
      const reader = call[Symbol.asyncIterator]();
      const first = reader.next();
      await expect.poll(() => ticks.subscribers).toBe(1);
      void ticks.publish({ n: 1 });
      void ticks.publish({ n: 2 });
      ticks.close();
      expect(await first).toEqual({ done: false, value: { n: 1 } });
      expect(await reader.next()).toEqual({ done: false, value: { n: 2 } });
      expect(await reader.next()).toMatchObject({ done: true });
      expect(await call.result).toBeUndefined();
    }));

  test("gives its caller the error that the hub was closed with", () =>
    inWorld(async ({ ticks, join }) => {
      const call = (await join()).stream("watch");
      void call.result.catch(() => {});
      await expect.poll(() => ticks.subscribers).toBe(1);
      ticks.close(new SluiceError("NIGHT", "it is dark"));
      await expect(call.result).rejects.toMatchObject({ code: "NIGHT", message: "it is dark" });
    }));

  test("has an item looked at once, however many get it", () =>
    inWorld(async ({ ticks, join }) => {
      const calls = [];
      for (let at = 0; at < 3; at++) calls.push((await join()).stream("watch")[Symbol.asyncIterator]());
      let looks = 0;
      const item = {
        get n() {
          return ++looks > 0 ? 7 : 0;
        },
      };
      const firsts = calls.map((call) => call.next());
      await expect.poll(() => ticks.subscribers).toBe(3);
      void ticks.publish(item);
      for (const first of firsts) expect(await first).toEqual({ done: false, value: { n: 7 } });
      const forThree = looks;
      for (const call of calls.slice(1)) await call.return?.(undefined);
      await expect.poll(() => ticks.subscribers).toBe(1);
      looks = 0;
      const second = calls[0]?.next();
      void ticks.publish(item);
      await second;
      expect(looks).toBeGreaterThan(0);
      expect(forThree).toBe(looks);
    }));

  test("gives each its own copy of bytes, and what was published, not what became of it", () =>
    inWorld(async ({ frames, join }) => {
      const readers = [];
      for (let at = 0; at < 2; at++) readers.push((await join()).stream("film")[Symbol.asyncIterator]());
      const waiting = readers.map((reader) => reader.next());
      await expect.poll(() => frames.subscribers).toBe(2);
      const frame = new Uint8Array(10_000).fill(1);
      void frames.publish(frame);
      frame.fill(2);
      void frames.publish(frame);
      for (const first of waiting) expect((await first).value).toEqual(new Uint8Array(10_000).fill(1));
      for (const reader of readers)
        expect((await reader.next()).value).toEqual(new Uint8Array(10_000).fill(2));
    }));

  test("fails its call alone for an item that does not fit", () =>
    inWorld(async ({ ticks, faults, join }) => {
      const client = await join();
      const bad = client.stream("watch");
      void bad.result.catch(() => {});
      await expect.poll(() => ticks.subscribers).toBe(1);
      await ticks.publish({ n: "seven" as unknown as number });
      await expect(bad.result).rejects.toMatchObject({ code: "INTERNAL" });
      expect(ticks.subscribers).toBe(0);
      expect(faults).toHaveLength(1);
      const good = client.stream("watch")[Symbol.asyncIterator]();
      const first = good.next();
      await expect.poll(() => ticks.subscribers).toBe(1);
      await ticks.publish({ n: 8 });
      expect((await first).value).toEqual({ n: 8 });
    }));

  test("lets a reader that takes nothing fall behind by its window and its buffer", () =>
    inWorld(async ({ ticks, join }) => {
      const client = await join();
      const reader = client.stream("watch")[Symbol.asyncIterator]();
      const first = reader.next();
      await expect.poll(() => ticks.subscribers).toBe(1);
      const count = 200_000;
      for (let n = 0; n < count; n++) void ticks.publish({ n });
      expect((await first).value).toEqual({ n: 0 });
      ticks.close();
      const got = [0];
      for (let item = await reader.next(); item.done !== true; item = await reader.next())
        got.push(item.value.n);
      // What the call had taken without a gap, then the newest.
      const newest = got.slice(-16);
      const before = got.slice(0, -16);
      expect(newest).toEqual(Array.from({ length: 16 }, (_, at) => count - 16 + at));
      expect(before).toEqual(before.map((_, at) => at));
      expect(before.length).toBeGreaterThan(100);
      expect(before.length).toBeLessThan(count / 10);
    }));

  test("ends with its caller, at once, whether the hub has the signal or not", () =>
    inWorld(async ({ ticks, frames, faults, join }) => {
      const client = await join();
      const [stopped, aborted, unaware] = [
        client.stream("watch"),
        client.stream("watch"),
        client.stream("film"),
      ];
      void aborted.result.catch(() => {});
      await expect.poll(() => [ticks.subscribers, frames.subscribers]).toEqual([2, 1]);
      await stopped.close();
      aborted.abort();
      await unaware.close();
      expect(await stopped.result).toBeUndefined();
      expect(await unaware.result).toBeUndefined();
      await expect.poll(() => [ticks.subscribers, frames.subscribers]).toEqual([0, 0]);
      expect(faults).toEqual([]);
    }));
});
