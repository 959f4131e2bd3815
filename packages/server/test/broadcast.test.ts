/** A hub and its subscribers: policies, waiting publishers, leaving, the end. */
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type Broadcast,
  type BroadcastOptions,
  broadcast,
  type Overflow,
  type Subscription,
} from "../src/index.ts";

/** Lets every promise that can settle do so. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  await turn();
  return settled;
}

/** Takes what is buffered. */
async function takeBuffered<Item>(subscription: Subscription<Item>): Promise<Item[]> {
  const items: Item[] = [];
  while (subscription.buffered > 0) items.push((await subscription.next()).value as Item);
  return items;
}

/** Takes everything to the end. */
async function takeAll<Item>(subscription: Subscription<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of subscription) items.push(item);
  return items;
}

/** Publishes 1 to `count`, and does not wait. */
function publishAll(hub: Broadcast<number>, count: number): void {
  for (let n = 1; n <= count; n++) void hub.publish(n);
}

describe("a subscriber", () => {
  test("gets what is published after it came, in order, whether it waits or not", async () => {
    const hub = broadcast<number>({ overflow: "drop-oldest" });
    void hub.publish(0);
    const early = hub.subscribe();
    const waiting = [early.next(), early.next()];
    publishAll(hub, 2);
    const late = hub.subscribe();
    void hub.publish(3);
    hub.close();
    expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual([1, 2]);
    expect(await takeAll(early)).toEqual([3]);
    expect(await takeAll(late)).toEqual([3]);
  });

  test("gets items that are undefined, false or promises as they are", async () => {
    const hub = broadcast<unknown>({ overflow: "drop-oldest" });
    const items = [undefined, false, 0, "", null, Promise.resolve(1)];
    const [buffered, waiting] = [hub.subscribe(), hub.subscribe()];
    const taken = items.map(() => waiting.next());
    for (const item of items) void hub.publish(item);
    for (const item of items) {
      const { value, done } = await buffered.next();
      expect(done).toBe(false);
      expect(Object.is(value, item)).toBe(true);
    }
    for (const [at, next] of taken.entries()) expect(Object.is((await next).value, items[at])).toBe(true);
  });

  test("chooses its own policy and size", async () => {
    const hub = broadcast<number>({ overflow: "drop-oldest", size: 3 });
    const subscriptions = [
      hub.subscribe(),
      hub.subscribe({ size: 5 }),
      hub.subscribe({ overflow: "latest", size: 5 }),
      hub.subscribe({ overflow: "block", size: 9 }),
    ];
    publishAll(hub, 7);
    expect(subscriptions.map(({ buffered, dropped }) => [buffered, dropped])).toEqual([
      [3, 4],
      [5, 2],
      [1, 6],
      [7, 0],
    ]);
    hub.close();
    expect(await Promise.all(subscriptions.map(takeAll))).toEqual([
      [5, 6, 7],
      [3, 4, 5, 6, 7],
      [7],
      [1, 2, 3, 4, 5, 6, 7],
    ]);
  });

  test("goes on after items were dropped", async () => {
    const hub = broadcast<number>({ overflow: "latest" });
    const subscription = hub.subscribe();
    publishAll(hub, 3);
    expect(await subscription.next()).toEqual({ done: false, value: 3 });
    const next = subscription.next();
    void hub.publish(4);
    expect(await next).toEqual({ done: false, value: 4 });
    expect(subscription.dropped).toBe(2);
  });

  test("that overflows with error gets what is buffered, then RESOURCE_EXHAUSTED once; nobody else notices", async () => {
    const hub = broadcast<number>({ overflow: "error", size: 2 });
    const slow = hub.subscribe();
    const other = hub.subscribe({ size: 9 });
    publishAll(hub, 5);
    expect([hub.subscribers, slow.buffered, slow.dropped]).toEqual([1, 2, 1]);
    expect([(await slow.next()).value, (await slow.next()).value]).toEqual([1, 2]);
    await expect(slow.next()).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: "Cannot keep up: 2 of 2 items are buffered",
    });
    expect(await slow.next()).toEqual({ done: true, value: undefined });
    expect(await takeBuffered(other)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("a blocking subscriber", () => {
  test("lets publish resolve as long as it has room, and when it makes room", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 2 });
    const subscription = hub.subscribe();
    expect(await isSettled(Promise.all([hub.publish(1), hub.publish(2)]))).toBe(true);
    const [third, fourth] = [hub.publish(3), hub.publish(4)];
    expect([await isSettled(third), await isSettled(fourth), subscription.buffered]).toEqual([
      false,
      false,
      4,
    ]);
    expect((await subscription.next()).value).toBe(1);
    expect([await isSettled(third), await isSettled(fourth)]).toEqual([true, false]);
    expect((await subscription.next()).value).toBe(2);
    expect(await isSettled(fourth)).toBe(true);
    expect(await takeBuffered(subscription)).toEqual([3, 4]);
  });

  test("holds up its publisher only: others have the item at once", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 1 });
    const slow = hub.subscribe();
    const fast = hub.subscribe();
    await hub.publish(1);
    expect((await fast.next()).value).toBe(1);
    const publish = hub.publish(2);
    expect((await fast.next()).value).toBe(2);
    expect([await isSettled(publish), slow.dropped]).toEqual([false, 0]);
  });

  test("makes publish wait for the slowest of several, by the size of each", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 1 });
    const [small, large] = [hub.subscribe(), hub.subscribe({ size: 2 })];
    await hub.publish(1);
    const second = hub.publish(2);
    const third = hub.publish(3);
    await small.next();
    expect([await isSettled(second), await isSettled(third)]).toEqual([true, false]);
    await small.next();
    expect(await isSettled(third)).toBe(false);
    await large.next();
    expect(await isSettled(third)).toBe(true);
  });

  test.each<[string, (subscription: Subscription<number>, controller: AbortController) => unknown]>([
    ["return()", (subscription) => subscription.return()],
    ["asyncDispose", (subscription) => subscription[Symbol.asyncDispose]()],
    ["its signal", (_, controller) => controller.abort()],
  ])("that leaves by %s lets those go on who waited for it alone", async (_, leave) => {
    const hub = broadcast<number>({ overflow: "block", size: 1 });
    const controller = new AbortController();
    const leaving = hub.subscribe({ signal: controller.signal });
    const staying = hub.subscribe({ size: 2 });
    await hub.publish(1);
    const [second, third] = [hub.publish(2), hub.publish(3)];
    leave(leaving, controller);
    expect([await isSettled(second), await isSettled(third)]).toEqual([true, false]);
    await staying.next();
    expect(await isSettled(third)).toBe(true);
    expect(hub.subscribers).toBe(1);
  });

  test("lets no more publishes wait than maxWaiting; the next one reaches nobody", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 1, maxWaiting: 2 });
    const subscription = hub.subscribe();
    const other = hub.subscribe({ overflow: "drop-oldest", size: 9 });
    const waiting = [1, 2, 3].map((n) => hub.publish(n));
    await expect(hub.publish(4)).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: "Cannot publish: 2 of 2 publishes wait for a slow subscriber (maxWaiting)",
    });
    expect(subscription.buffered).toBe(3);
    await subscription.next();
    const fifth = hub.publish(5);
    expect(await takeBuffered(subscription)).toEqual([2, 3, 5]);
    await Promise.all([...waiting, fifth]);
    expect(await takeBuffered(other)).toEqual([1, 2, 3, 5]);
  });
});

describe("leaving", () => {
  test("the loop leaves the hub", async () => {
    const hub = broadcast<number>({ overflow: "drop-oldest" });
    const subscription = hub.subscribe();
    publishAll(hub, 3);
    for await (const item of subscription) if (item === 2) break;
    expect([hub.subscribers, subscription.buffered]).toEqual([0, 0]);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });

  test("by its signal ends the iteration without an error, frees what is buffered, and leaves no listener", async () => {
    const hub = broadcast<number>({ overflow: "drop-oldest" });
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = () => getEventListeners(signal, "abort").length;
    const full = hub.subscribe({ signal });
    publishAll(hub, 3);
    const waiting = hub.subscribe({ signal });
    const readers = [waiting.next(), waiting.next()];
    const returned = hub.subscribe({ signal });
    await returned.return();
    expect(listeners()).toBe(2);
    controller.abort(new Error("nobody sees this"));
    expect(await Promise.all([...readers, full.next(), waiting.next()])).toEqual(
      Array(4).fill({ done: true, value: undefined }),
    );
    expect([hub.subscribers, full.buffered, listeners()]).toEqual([0, 0, 0]);
    const late = hub.subscribe({ signal });
    expect([await late.next(), hub.subscribers, listeners()]).toEqual([
      { done: true, value: undefined },
      0,
      0,
    ]);
  });

  test("twice, also during the end, changes nothing", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 1 });
    const [one, two] = [hub.subscribe(), hub.subscribe()];
    await hub.publish(1);
    const publish = hub.publish(2);
    await one.return();
    await one.return();
    expect(await isSettled(publish)).toBe(false);
    hub.close();
    await two.return();
    expect([await isSettled(publish), hub.subscribers]).toEqual([true, 0]);
  });

  test("by return() gives the value back, so that a generator returns what it was told to", async () => {
    const hub = broadcast<number>({ overflow: "latest" });
    async function* passOn(): AsyncGenerator<number, string | undefined> {
      return yield* hub.subscribe();
    }
    const generator = passOn();
    const first = generator.next();
    await turn();
    void hub.publish(1);
    expect((await first).value).toBe(1);
    expect(await generator.return("told")).toEqual({ done: true, value: "told" });
    expect(hub.subscribers).toBe(0);
  });

  test("while others are told of an item, or publishing while an item is taken, changes no order", async () => {
    const hub = broadcast<number>({ overflow: "drop-oldest" });
    const orders: number[][] = [[], [], []];
    const readers = orders.map(async (order, at) => {
      for await (const item of hub.subscribe()) {
        order.push(item);
        if (item < 8 && at === item % 3) void hub.publish(item + 1);
        if (item === 4 && at === 2) break;
      }
    });
    void hub.publish(0);
    await turn();
    expect(hub.subscribers).toBe(2);
    hub.close();
    await Promise.all(readers);
    expect(orders).toEqual([
      [0, 1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4],
    ]);
  });
});

describe("the end", () => {
  test("comes after what is buffered, with the error if there is one", async () => {
    for (const error of [undefined, new Error("the source is gone")]) {
      const hub = broadcast<number>({ overflow: "drop-oldest" });
      const buffered = hub.subscribe();
      publishAll(hub, 2);
      const waiting = hub.subscribe();
      const readers = [waiting.next(), waiting.next()];
      hub.close(error);
      hub.close(new Error("only the first call counts"));
      expect(hub.subscribers).toBe(0);
      const late = hub.subscribe();
      const outcomes = await Promise.allSettled([
        ...readers,
        buffered.next(),
        buffered.next(),
        buffered.next(),
        buffered.next(),
        late.next(),
        late.next(),
      ]);
      const done = { status: "fulfilled", value: { done: true, value: undefined } };
      const end = error === undefined ? done : { status: "rejected", reason: error };
      const item = (value: number) => ({ status: "fulfilled", value: { done: false, value } });
      expect(outcomes).toEqual([end, done, item(1), item(2), end, done, end, done]);
    }
  });

  test("lets those go on who wait to publish, and keeps their items for the subscribers", async () => {
    const hub = broadcast<number>({ overflow: "block", size: 1 });
    const subscription = hub.subscribe();
    const publishes = [1, 2, 3].map((n) => hub.publish(n));
    hub.close();
    await Promise.all(publishes);
    expect(await takeAll(subscription)).toEqual([1, 2, 3]);
  });

  test("makes publish reject, which is quiet when nobody looks", async () => {
    const hub = broadcast<number>({ overflow: "latest" });
    const cause = new Error("the source is gone");
    hub.close(cause);
    void hub.publish(1);
    await turn();
    await expect(hub.publish(2)).rejects.toMatchObject({ code: "FAILED_PRECONDITION", cause });
  });

  test("a signal ends the iteration before the error that is still to come", async () => {
    const hub = broadcast<number>({ overflow: "drop-oldest" });
    const controller = new AbortController();
    const subscription = hub.subscribe({ signal: controller.signal });
    void hub.publish(1);
    hub.close(new Error("the source is gone"));
    controller.abort();
    expect([await subscription.next(), subscription.buffered]).toEqual([{ done: true, value: undefined }, 0]);
  });
});

describe("options", () => {
  test.each<[Partial<Record<keyof BroadcastOptions, unknown>>, ErrorConstructor, string]>([
    [{}, TypeError, "overflow must be one of block, drop-oldest, latest, error, it is undefined"],
    [
      { overflow: "newest" },
      TypeError,
      "overflow must be one of block, drop-oldest, latest, error, it is newest",
    ],
    [{ overflow: "latest", size: 0 }, RangeError, "size must be a whole number from 1 to 16777216, it is 0"],
    [
      { overflow: "block", size: 1.5 },
      RangeError,
      "size must be a whole number from 1 to 16777216, it is 1.5",
    ],
    [{ overflow: "block", size: "9" }, RangeError, "size must be a whole number from 1 to 16777216, it is 9"],
    [{ overflow: "error", size: 2 ** 24 + 1 }, RangeError, "it is 16777217"],
    [
      { overflow: "block", maxWaiting: 0 },
      RangeError,
      "maxWaiting must be a whole number from 1 to 16777216, it is 0",
    ],
  ])("%j is refused", (options, kind, message) => {
    const make = () => broadcast(options as unknown as BroadcastOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });

  test("of a subscriber are checked, too, and it is not added then", () => {
    const hub = broadcast<number>({ overflow: "latest" });
    expect(() => hub.subscribe({ overflow: "none" as Overflow })).toThrow(TypeError);
    expect(() => hub.subscribe({ size: -1 })).toThrow(RangeError);
    expect(hub.subscribers).toBe(0);
  });
});
