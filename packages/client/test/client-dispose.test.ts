/** Client.dispose(): calls get their ends, within the grace; then nothing is left. */
import { silentLogger } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { Client } from "../src/client.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { shop, shopHandlers } from "./shop.ts";
import { gate, inWorld, World, type WorldOptions } from "./world.ts";

const served: WorldOptions<typeof shop> = { protocol: shop, handlers: shopHandlers() };

/** A world whose handler of orders/wait does not look at its signal, and what lets it go. */
function stubborn(graceMs?: number) {
  const going = gate<string>();
  const options: WorldOptions<typeof shop> = {
    ...served,
    handlers: { ...shopHandlers(), "orders/wait": () => going.promise },
    ...(graceMs === undefined ? {} : { client: { graceMs } }),
  };
  return { going, options };
}

describe("Client.dispose()", () => {
  test("stops the calls that run, and they get their results", () =>
    inWorld(served, async (world) => {
      const { client } = world;
      const call = client.request("orders/wait");
      const stream = client.stream("prices/count", { param: 1_000_000 });
      await world.until(client.ready);
      await world.until(client.dispose());
      expect(await world.until(call)).toBe("stop");
      expect(client.status).toBe("closed");
      // A generator that yields on has no result.
      expect(await world.failure(stream.result)).toMatchObject({ code: "CANCELLED" });
    }));

  test.each([
    ["30 s", undefined, 30_000],
    ["graceMs", 700, 700],
  ])("waits %s for a call that does not end, and not longer", async (_, graceMs, waitsMs) => {
    const { going, options } = stubborn(graceMs);
    const world = new World(options);
    const call = world.client.request("orders/wait").catch((error) => error);
    await world.until(world.client.ready);
    let isDone = false;
    const disposed = world.client.dispose().then(() => {
      isDone = true;
    });
    await world.advance(waitsMs - 1);
    expect([isDone, world.client.status]).toEqual([false, "connected"]);
    await world.advance(1);
    expect([isDone, world.client.status]).toEqual([true, "closed"]);
    await disposed;
    expect(await world.until(call)).toMatchObject({ code: "CANCELLED", processed: "maybe" });
    going.open("late");
    await world.end();
  });

  test("does not wait at all with a grace of 0", async () => {
    const { going, options } = stubborn(0);
    const world = new World(options);
    const call = world.client.request("orders/wait").catch((error) => error);
    await world.until(world.client.ready);
    await world.until(world.client.dispose());
    expect(await world.until(call)).toMatchObject({ code: "CANCELLED", processed: "maybe" });
    going.open("late");
    await world.end();
  });

  test("goes on as soon as the last call has ended", async () => {
    const { going, options } = stubborn();
    const world = new World(options);
    const call = world.client.request("orders/wait");
    await world.until(world.client.ready);
    const disposed = world.client.dispose();
    await world.advance(5_000);
    expect(world.client.status).toBe("connected");
    going.open("well");
    await world.until(disposed);
    expect([await world.until(call), world.client.status]).toEqual(["well", "closed"]);
    await world.end();
  });

  test("a second call waits for the first; await using disposes too", async () => {
    const { going, options } = stubborn();
    const world = new World(options);
    const call = world.client.request("orders/wait");
    await world.until(world.client.ready);
    const disposed = world.client.dispose();
    expect(world.client.dispose()).toBe(disposed);
    expect(world.client[Symbol.asyncDispose]()).toBe(disposed);
    going.open("well");
    await world.until(disposed);
    await world.until(call);
    await world.end();
  });

  test("of a client that loses its connection meanwhile waits no longer", async () => {
    const { going, options } = stubborn();
    const world = new World({ ...options, client: { reconnect: {} } });
    const call = world.client.request("orders/wait").catch((error) => error);
    await world.until(world.client.ready);
    const disposed = world.client.dispose();
    world.server.connections[0]?.close("gone");
    await world.until(disposed);
    expect(await world.until(call)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    expect(world.client.status).toBe("closed");
    going.open("late");
    await world.end();
  });

  test.each(["accept", "hang", "silence"] as const)(
    "of a client that was never connected is done at once (%s), and so are its calls",
    async (name) => {
      const world = new World(served);
      const transport = new ScriptedTransport("far", world.clock);
      transport.outcome = { name };
      const client = new Client({ protocol: shop, transport, clock: world.clock });
      const call = client.request("orders/place", { param: "pen" });
      if (name !== "accept") await world.run();
      await world.until(client.dispose());
      expect(await world.failure(call)).toMatchObject({ code: "CANCELLED", processed: "no" });
      await world.run();
      expect([client.status, transport.disposed, transport.links.size]).toEqual(["closed", 1, 0]);
      await world.end();
    },
  );

  test("disposes of every transport, once", async () => {
    const world = new World(served);
    const transports = ["a", "b"].map((name) => new ScriptedTransport(name, world.clock));
    const client = new Client({ protocol: shop, transport: transports, clock: world.clock });
    await world.until(client.ready);
    await world.until(client.dispose());
    await world.until(client.dispose());
    expect(transports.map(({ disposed }) => disposed)).toEqual([1, 1]);
    await world.end();
  });

  test("DR-7 X43 does not wait longer than 5 s for a transport that does not end, and says which", async () => {
    const world = new World(served);
    const [good, slow, stuck] = ["good", "slow", "stuck"].map(
      (name) => new ScriptedTransport(name, world.clock),
    ) as [ScriptedTransport, ScriptedTransport, ScriptedTransport];
    const ending = gate();
    slow.dispose = () => ending.promise;
    stuck.dispose = () => new Promise(() => {});
    const complaints: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void complaints.push(message) };
    const client = new Client({ transport: [good, slow, stuck], clock: world.clock, logger });
    await world.until(client.ready);
    let isDone = false;
    const disposed = client.dispose().then(() => {
      isDone = true;
    });
    await world.advance(4_999);
    ending.open();
    await world.run();
    expect([isDone, client.status, good.disposed, complaints]).toEqual([false, "closed", 1, []]);
    await world.advance(1);
    expect([isDone, complaints]).toEqual([
      true,
      ["The transport stuck has not ended 5000 ms after its dispose()"],
    ]);
    await disposed;
    await world.end();
  });

  test.each(["reconnecting", "connecting"] as const)(
    "by a listener that is told %s is the end",
    async (when) => {
      const world = new World({ ...served, client: { reconnect: { jitter: "none" } } });
      const { client } = world;
      client.on("status", (status) => {
        if (status === when) void client.dispose();
      });
      await world.run();
      world.server.connections[0]?.close("gone");
      await world.advance(1_000);
      expect(client.status).toBe("closed");
      expect(world.server.connections).toEqual([]);
      await world.end();
    },
  );
});
