/** Server.drain() and dispose(): what runs may finish, within its time; what is new is turned away; nothing is left. */
import type { ProtocolDefinition } from "@sluice/protocol";
import type { Listener } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { type AnyClient, aborted, gate, inWorld, World, type WorldOptions } from "./world.ts";

const protocol = {
  wait: { type: "request", result: { type: "string" } },
  ping: { type: "request", result: { type: "string" } },
} as const satisfies ProtocolDefinition;

/** A server whose `wait` looks at its signal, and ends when it likes. */
function waiting(options: WorldOptions = {}) {
  const going = gate<string>();
  const reasons: unknown[] = [];
  const handlers = {
    ping: () => "pong",
    wait: ({ signal }: { signal: AbortSignal }) => {
      void aborted(signal).then((reason) => reasons.push(reason));
      return going.promise;
    },
  };
  return { going, reasons, options: { protocol, handlers, public: true, ...options } };
}

/** A call of `wait` that runs: what becomes of it. */
async function running(world: World, client: AnyClient): Promise<() => Promise<unknown>> {
  const outcome = client.request("wait").catch((error) => error);
  await world.until(client.ready);
  await world.run();
  expect(world.server.connections.at(-1)?.runningHandlers).toBe(1);
  return () => world.until(outcome);
}

/** Whether `promise` has settled. */
function watch(promise: Promise<unknown>): () => boolean {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  return () => isDone;
}

/** A listener that takes no links, and is closed when `closing` says so. */
function listenerAt(address: string, closing: Promise<void>): Listener {
  return { listen: async () => address, close: () => closing };
}

const never = new Promise<void>(() => {});

describe("Server.drain()", () => {
  test("lets running calls finish, and then closes", async () => {
    const { going, reasons, options } = waiting();
    await inWorld(options, async (world) => {
      const client = world.connect();
      const outcome = await running(world, client);
      const drained = world.server.drain();
      const isDone = watch(drained);
      await world.advance(20_000);
      expect([isDone(), client.status, reasons]).toEqual([false, "draining", []]);
      going.open("well");
      // Until the client has confirmed the end that it saw.
      await world.advance(50);
      await world.until(drained);
      expect([await drained, await outcome()]).toEqual([true, "well"]);
      await world.run();
      expect([client.status, world.server.connections, reasons]).toEqual(["closed", [], []]);
      expect(world.complaints).toEqual([]);
    });
  });

  test("takes no new calls, and no new links", async () => {
    const { going, options } = waiting();
    await inWorld(options, async (world) => {
      const client = world.connect();
      const outcome = await running(world, client);
      const drained = world.server.drain();
      await world.run();
      const refused = { code: "UNAVAILABLE", processed: "no" };
      expect(await world.failure(client.request("ping", { failFast: true }))).toMatchObject(refused);
      const late = await world.failure(world.connect().ready);
      expect(late).toMatchObject({ ...refused, message: "The server is shutting down", origin: "remote" });
      expect(() => world.server.handle(world.link.server)).toThrow("Cannot serve: the server is draining");
      going.open("well");
      // Until the client has confirmed the end that it saw.
      await world.advance(50);
      await world.until(drained);
      await outcome();
    });
  });

  test.each([
    ["its own time", 400, undefined, 400],
    ["the server's drainTimeout", undefined, 600, 600],
    ["30 s", undefined, undefined, 30_000],
    ["no time", 0, undefined, 0],
  ])("cuts off after %s what still runs", async (_, timeout, drainTimeout, waitsMs) => {
    const { going, reasons, options } = waiting(drainTimeout === undefined ? {} : { drainTimeout });
    const world = new World(options);
    const outcome = await running(world, world.connect());
    const drained = world.server.drain(timeout === undefined ? {} : { timeout });
    const isDone = watch(drained);
    if (waitsMs > 0) await world.advance(waitsMs - 1);
    expect(reasons).toEqual([]);
    await world.advance(waitsMs > 0 ? 1 : 0);
    expect(reasons).toEqual(["shutdown"]);
    expect(await outcome()).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    expect(isDone()).toBe(false);
    going.open("late");
    expect(await world.until(drained)).toBe(false);
    await world.end();
  });

  test("of a server that nobody calls is done at once; a second call waits for the first", async () => {
    const { options } = waiting();
    await inWorld(options, async (world) => {
      const client = world.connect();
      await world.until(client.ready);
      const drained = world.server.drain();
      expect(world.server.drain({ timeout: 1 })).toBe(drained);
      await world.until(drained);
      expect(world.server.drain()).toBe(drained);
      await world.until(world.server.dispose());
      expect(world.server.connections).toEqual([]);
    });
  });

  test("a client goes on waiting, for a server that takes over", async () => {
    const { options } = waiting();
    const world = new World(options);
    const client = world.connect({ reconnect: { jitter: "none" } });
    await world.until(client.ready);
    await world.until(world.server.drain());
    const call = client.request("ping");
    await world.run();
    expect(client.status).toBe("reconnecting");
    const successor = new World({ ...options, transport: world.link.server, clock: world.clock });
    await world.advance(100);
    expect(await world.until(call)).toBe("pong");
    await world.end();
    await world.until(successor.server.dispose());
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 86_400_001])(
    "refuses a time of %d",
    async (timeout) => {
      const { options } = waiting();
      await inWorld(options, async (world) => {
        const client = world.connect();
        await world.until(client.ready);
        expect(() => world.server.drain({ timeout })).toThrow(RangeError);
        expect(await world.until(client.request("ping"))).toBe("pong");
      });
    },
  );

  test("DR-3 listens until its calls have ended, waits 5 s for a listener then, and says which does not end", async () => {
    const { going, options } = waiting();
    await inWorld(options, async (world) => {
      let closings = 0;
      const listener = {
        listen: async () => "memory:stuck",
        close: () => {
          closings++;
          return never;
        },
      };
      await world.until(world.server.listen(listener));
      const client = world.connect();
      const outcome = await running(world, client);
      const isDone = watch(world.server.drain());
      await world.advance(10_000);
      expect([client.status, closings]).toEqual(["draining", 0]);
      going.open("well");
      await world.advance(50);
      expect([await outcome(), closings]).toEqual(["well", 1]);
      await world.advance(4_999);
      expect([isDone(), world.complaints]).toEqual([false, []]);
      await world.advance(1);
      expect([isDone(), world.complaints]).toEqual([
        true,
        ["The listener at memory:stuck has not ended 5000 ms after its close()"],
      ]);
    });
  });

  test("after dispose() waits for that", async () => {
    const { going, options } = waiting();
    await inWorld(options, async (world) => {
      const outcome = await running(world, world.connect());
      const disposed = world.server.dispose();
      const drained = world.server.drain();
      const isDone = watch(drained);
      await world.run();
      expect(isDone()).toBe(false);
      going.open("late");
      await world.until(disposed);
      await world.run();
      expect([isDone(), await drained]).toEqual([true, false]);
      await outcome();
    });
  });
});

describe("Server.dispose()", () => {
  test("aborts handlers with shutdown, fails their calls, and waits for them", async () => {
    const { going, reasons, options } = waiting();
    await inWorld(options, async (world) => {
      const outcome = await running(world, world.connect());
      const disposed = world.server.dispose();
      expect(world.server.dispose()).toBe(disposed);
      expect(world.server[Symbol.asyncDispose]()).toBe(disposed);
      expect(await outcome()).toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("the server shuts down"),
        processed: "maybe",
      });
      expect(reasons).toEqual(["shutdown"]);
      const isDone = watch(disposed);
      await world.advance(29_999);
      expect(isDone()).toBe(false);
      going.open("late");
      await world.until(disposed);
      expect(world.complaints).toEqual([]);
    });
  });

  test.each([
    [0, 0],
    [300, 300],
    [undefined, 30_000],
  ])(
    "with a drainTimeout of %s does not wait longer for handlers that ignore their signals, and says so",
    async (drainTimeout, waitsMs) => {
      const { going, options } = waiting(drainTimeout === undefined ? {} : { drainTimeout });
      const world = new World(options);
      const outcomes = [await running(world, world.connect()), await running(world, world.connect())];
      const disposed = world.server.dispose();
      const isDone = watch(disposed);
      if (waitsMs > 0) {
        await world.advance(waitsMs - 1);
        expect([isDone(), world.complaints]).toEqual([false, []]);
      }
      await world.advance(waitsMs > 0 ? 1 : 0);
      expect(isDone()).toBe(true);
      expect(world.complaints).toEqual([
        `2 handlers ignore that their signal has aborted, ${waitsMs} ms after the shutdown: 2 of wait for up to ${waitsMs} ms`,
      ]);
      for (const outcome of outcomes) expect(await outcome()).toMatchObject({ code: "UNAVAILABLE" });
      going.open("late");
      await world.end();
    },
  );

  test("DR-7 X43 ends connections at once, and waits at most 5 s for a listener that does not end", async () => {
    const { going, reasons, options } = waiting({ drainTimeout: 0 });
    const world = new World(options);
    const slow = gate();
    const places = [listenerAt("memory:stuck", never), listenerAt("memory:slow", slow.promise)];
    await world.until(world.server.listen(...places));
    const outcome = await running(world, world.connect());
    const isDone = watch(world.server.dispose());
    await world.run();
    expect(reasons).toEqual(["shutdown"]);
    going.open("late");
    expect(await outcome()).toMatchObject({ code: "UNAVAILABLE" });
    await world.advance(4_999);
    slow.open();
    await world.run();
    expect(isDone()).toBe(false);
    await world.advance(1);
    expect(isDone()).toBe(true);
    expect(world.complaints.slice(1)).toEqual([
      "The listener at memory:stuck has not ended 5000 ms after its close()",
    ]);
    await world.end();
  });

  test("while it drains waits for the listeners that the draining has begun to end", async () => {
    const { options } = waiting();
    await inWorld(options, async (world) => {
      const closing = gate();
      await world.until(world.server.listen(listenerAt("memory:slow", closing.promise)));
      const drained = world.server.drain();
      const isDone = watch(world.server.dispose());
      await world.advance(1_000);
      expect(isDone()).toBe(false);
      closing.open();
      await world.until(drained);
      await world.run();
      expect([isDone(), world.complaints]).toEqual([true, []]);
    });
  });

  test("does not wait for a listener whose listen() it has overtaken longer than 5 s", async () => {
    const { options } = waiting();
    await inWorld(options, async (world) => {
      const opening = gate<string>();
      const listener = { listen: () => opening.promise, close: () => never };
      const listening = world.server.listen(listener).catch((error) => error);
      await world.until(world.server.dispose());
      opening.open("memory:late");
      await world.advance(5_000);
      expect(await world.until(listening)).toMatchObject({ code: "FAILED_PRECONDITION", processed: "no" });
      expect(world.complaints).toEqual([
        "The listener at memory:late has not ended 5000 ms after its close()",
      ]);
    });
  });

  test("waits for handlers whose clients have gone before, too", async () => {
    const { going, reasons, options } = waiting();
    const world = new World(options);
    const client = world.connect({ graceMs: 0 });
    const outcome = await running(world, client);
    await world.until(client.dispose());
    await outcome();
    await world.run();
    expect([world.server.connections, reasons]).toEqual([[], ["stop"]]);
    const disposed = world.server.dispose();
    const isDone = watch(disposed);
    await world.advance(5_000);
    expect(isDone()).toBe(false);
    going.open("late");
    await world.until(disposed);
    expect(world.complaints).toEqual([]);
    await world.end();
  });

  test("does not wait for who is just shaking hands, and lets go of him", async () => {
    const deciding = gate<object>();
    const { options } = waiting({ authenticate: () => deciding.promise });
    await inWorld(options, async (world) => {
      const connected: unknown[] = [];
      world.server.on("connected", () => connected.push(1));
      const failed = world.connect().ready.catch((error) => error);
      await world.run();
      await world.until(world.server.dispose());
      expect(await world.until(failed)).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
      await world.run();
      expect(world.clock.nextTimerMs).toBeUndefined();
      deciding.open({});
      await world.run();
      expect(connected).toEqual([]);
    });
  });

  test("while it drains cuts the draining short", async () => {
    const { going, reasons, options } = waiting();
    await inWorld(options, async (world) => {
      const outcome = await running(world, world.connect());
      const drained = world.server.drain();
      await world.run();
      const disposed = world.server.dispose();
      expect(await outcome()).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
      expect(reasons).toEqual(["shutdown"]);
      going.open("late");
      expect(await world.until(Promise.all([drained, disposed]))).toEqual([false, undefined]);
    });
  });
});
