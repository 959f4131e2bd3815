/** Client: calls of every kind, what it tells of itself, its middleware, and what it learns of the server. */
import { getEventListeners } from "node:events";
import { defineService, SluiceError } from "@sluice/protocol";
import { silentLogger } from "@sluice/protocol/wire";
import { serve } from "@sluice/server";
import { describe, expect, test } from "vitest";
import { Client } from "../src/client.ts";
import type { ClientStatus } from "../src/connection.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { shop, shopHandlers } from "./shop.ts";
import { inWorld, World, type WorldOptions } from "./world.ts";

const served: WorldOptions<typeof shop> = { protocol: shop, handlers: shopHandlers() };

async function readAll<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const got: Item[] = [];
  for await (const item of items) got.push(item);
  return got;
}

/** What `promise` brought or rejected with, once it has. */
function watch(promise: Promise<unknown>): () => unknown {
  let outcome: unknown;
  const settle = (value: unknown): void => {
    outcome = value;
  };
  promise.then(settle, settle);
  return () => outcome;
}

describe("Client calls", () => {
  test("of every kind wait for the connection", () => {
    const views: string[] = [];
    return inWorld({ protocol: shop, handlers: shopHandlers(views) }, async (world) => {
      const { client } = world;
      const request = client.request("orders/place", { param: "pen" });
      const stream = client.stream("prices/count", { param: 3 });
      const chat = client.channel("chat/join");
      const event = client.event("viewed", { data: "/pens" });
      expect(client.status).toBe("idle");
      expect(await world.until(request)).toBe("1 pen");
      expect([await world.until(readAll(stream)), await world.until(stream)]).toEqual([
        [1, 2, 3],
        "sold out",
      ]);
      await world.until(chat.send("hello"));
      await world.until(chat.writable.close());
      expect([await world.until(readAll(chat)), await world.until(chat)]).toEqual([["hello!"], 1]);
      await world.until(event);
      expect(views).toEqual(["/pens"]);
    });
  });

  test("fail at once without a connection if they shall", () =>
    inWorld({ ...served, client: { failFast: true } }, async (world) => {
      const { client } = world;
      const unconnected = { code: "UNAVAILABLE", processed: "no" };
      expect(await world.failure(client.request("orders/place", { param: "pen" }))).toMatchObject(
        unconnected,
      );
      const patient = client.request("orders/place", { param: "pen", failFast: false });
      expect(await world.until(patient)).toBe("1 pen");
    }));

  test("that wait for the connection fail when their time is over", () =>
    inWorld(
      { ...served, server: { transport: undefined as never }, client: { timeout: 300 } },
      async (world) => {
        const inherits = world.client.request("orders/place", { param: "pen" }).catch((error) => error);
        const own = world.client
          .request("orders/place", { param: "pen", timeout: 200 })
          .catch((error) => error);
        const late = { code: "DEADLINE_EXCEEDED", processed: "no" };
        await world.advance(200);
        expect(await world.until(own)).toMatchObject(late);
        await world.advance(100);
        expect(await world.until(inherits)).toMatchObject(late);
      },
    ));

  test("of procedures as functions are the same calls", () =>
    inWorld(served, async (world) => {
      const { api } = world.client;
      expect(world.client.api).toBe(api);
      expect(await world.until(api.orders.place("ink"))).toBe("1 ink");
      expect(await world.until(readAll(api.prices.count(2)))).toEqual([1, 2]);
      await world.until(api.viewed("/ink"));
    }));

  test("as functions need the protocol", () =>
    inWorld({ ...served, client: { protocol: undefined as never } }, async (world) => {
      expect(() => world.client.api).toThrow(TypeError);
      expect(await world.until(world.client.request("orders/place", { param: "pen" }))).toBe("1 pen");
    }));

  test("after the end are refused, `processed: no`, of every kind", async () => {
    const ending = inWorld(served, async (world) => {
      const { client } = world;
      await world.until(client.ready);
      await world.until(client.dispose());
      const over = { code: "CANCELLED", message: "The client was disposed", processed: "no" };
      const calls: PromiseLike<unknown>[] = [
        client.request("orders/place", { param: "pen" }),
        client.stream("prices/count", { param: 3 }).result,
        client.channel("chat/join").result,
        client.event("viewed", { data: "/" }),
        client.api.orders.place("pen"),
        client.service(shop).orders.place("pen"),
        client.describe(),
        client.ping(),
        client.ready,
      ];
      for (const call of calls) expect(await world.failure(call)).toMatchObject(over);
      const chat = client.channel("chat/join");
      expect(await world.failure(chat.send("hello"))).toMatchObject(over);
    });
    await ending;
  });

  test("after a connection that was refused for good fail with its code, `processed: no`", () =>
    inWorld(
      {
        ...served,
        server: {
          authenticate() {
            throw new SluiceError("PERMISSION_DENIED", "not today");
          },
        },
      },
      async (world) => {
        const refused = {
          code: "PERMISSION_DENIED",
          message: "not today",
          processed: "no",
          origin: "remote",
        };
        expect(await world.failure(world.client.request("orders/place", { param: "pen" }))).toMatchObject(
          refused,
        );
        expect(world.client.status).toBe("closed");
        expect(await world.failure(world.client.request("orders/place", { param: "pen" }))).toMatchObject(
          refused,
        );
      },
    ));
});

describe("Client status", () => {
  test("is told to listeners, until they are taken off", () =>
    inWorld({ ...served, client: { reconnect: { jitter: "none" } } }, async (world) => {
      const { client, server } = world;
      const told: ClientStatus[] = [];
      const toldToOther: ClientStatus[] = [];
      const other = (status: ClientStatus): void => void toldToOther.push(status);
      const off = client.on("status", (status) => {
        told.push(status);
        expect(client.status).toBe(status);
      });
      client.on("status", other);
      await world.until(client.ready);
      client.off("status", other);
      server.connections[0]?.close();
      await world.run();
      await world.advance(100);
      expect(client.status).toBe("connected");
      off();
      await world.until(client.dispose());
      expect(told).toEqual(["connecting", "connected", "reconnecting", "connected"]);
      expect(toldToOther).toEqual(["connecting", "connected"]);
    }));

  test("a listener that throws harms nobody but the log", () =>
    inWorld(served, async (world) => {
      const { client, log } = world;
      client.on("status", () => {
        throw new Error("not my fault");
      });
      expect(await world.until(client.request("orders/place", { param: "pen" }))).toBe("1 pen");
      const complaints = log.filter(({ level }) => level === "error");
      expect(complaints.map(({ message }) => message)).toEqual(Array(2).fill("A listener of status failed"));
      expect(complaints[0]?.fields).toEqual({ error: new Error("not my fault") });
    }));

  test("ready resolves whenever there is a connection, and rejects without an unhandled rejection", () =>
    inWorld(served, async (world) => {
      const { client } = world;
      const first = client.ready;
      expect(await world.until(first)).toBeUndefined();
      expect(await world.until(client.ready)).toBeUndefined();
      await world.until(client.dispose());
      const unheard: unknown[] = [];
      const note = (reason: unknown): void => void unheard.push(reason);
      process.on("unhandledRejection", note);
      void client.ready;
      // They are told after the promise reactions of a turn of the event loop.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      process.off("unhandledRejection", note);
      expect(unheard).toEqual([]);
    }));
});

describe("Client.use()", () => {
  test("runs middleware outside in, in the order in which it was added", () =>
    inWorld(served, async (world) => {
      const seen: string[] = [];
      for (const name of ["outer", "inner"]) {
        world.client.use(async (call, next) => {
          seen.push(`${name} ${call.kind} ${call.procedure} ${call.param}`);
          const result = await next({ param: `${call.param}, ${name}`, metadata: undefined });
          seen.push(`${name} ${result}`);
          return `${result}, ${name}`;
        });
      }
      expect(await world.until(world.client.request("orders/place", { param: "pen" }))).toBe(
        "1 pen, outer, inner, inner, outer",
      );
      expect(seen).toEqual([
        "outer request orders/place pen",
        "inner request orders/place pen, outer",
        "inner 1 pen, outer, inner",
        "outer 1 pen, outer, inner, inner",
      ]);
    }));

  test("is around every call: by name, by api, of services, describe()", () =>
    inWorld(served, async (world) => {
      const seen: string[] = [];
      const early = world.client.service(shop);
      expect(
        world.client.use((call, next) => {
          seen.push(call.procedure);
          return next();
        }),
      ).toBe(world.client);
      await world.until(world.client.request("orders/place", { param: "pen" }));
      await world.until(world.client.api.orders.place("pen"));
      await world.until(early.orders.place("pen"));
      await world.until(world.client.service(shop).prices.count(1).drain());
      await world.until(world.client.describe());
      expect(seen).toEqual(["orders/place", "orders/place", "orders/place", "prices/count", "$describe"]);
    }));
});

describe("Client and what the server serves", () => {
  const calculator = defineService({
    name: "calculator",
    version: "1.2.0",
    description: "Sums",
    timeout: 500,
    protocol: { add: { type: "request", param: { type: "integer" }, result: { type: "integer" } } },
  });
  const server = {
    name: "the shop",
    services: [serve(calculator, { add: ({ param }) => param + 1 })],
  } as WorldOptions<typeof shop>["server"];

  test("service() calls a service by its name and version, within its time", () =>
    inWorld({ ...served, ...(server === undefined ? {} : { server }) }, async (world) => {
      const api = world.client.service(calculator);
      expect(await world.until(api.add(41))).toBe(42);
      const newer = world.client.service({ ...calculator, version: "2.0.0" });
      expect(await world.failure(newer.add(1))).toMatchObject({ code: "UNIMPLEMENTED", processed: "no" });
      // A value that its protocol does not allow stays here.
      expect(await world.failure(api.add("1" as never))).toMatchObject({
        code: "INVALID_ARGUMENT",
        origin: "local",
      });
    }));

  test("service() refuses what is no protocol", () =>
    inWorld(served, async (world) => {
      expect(() => world.client.service({ add: { type: "question" } } as never)).toThrow(TypeError);
    }));

  test("describe() tells names, versions and schemas", () =>
    inWorld({ ...served, ...(server === undefined ? {} : { server }) }, async (world) => {
      const { server: name, services } = await world.until(world.client.describe());
      expect(name).toBe("the shop");
      expect(services).toEqual([
        { procedures: shop },
        { name: "calculator", version: "1.2.0", description: "Sums", procedures: calculator.protocol },
      ]);
    }));

  test("ping() waits for the connection, and tells the time that it took", () =>
    inWorld(served, async (world) => {
      expect(await world.until(world.client.ping())).toBe(0);
    }));

  test.each([
    ["5 s", {}, undefined, 5_000],
    ["the handshake's time", { handshakeTimeout: 300 }, undefined, 300],
    ["its own time", {}, 200, 200],
  ])("ping() waits for an answer for %s, and not longer", async (_, times, timeout, waitsMs) => {
    const world = new World(served);
    const transport = new ScriptedTransport("far", world.clock);
    const client = new Client({ transport, clock: world.clock, ...times });
    await world.until(client.ready);
    transport.session.frame = () => {};
    const outcome = watch(client.ping(timeout === undefined ? {} : { timeout }));
    await world.advance(waitsMs - 1);
    expect(outcome()).toBeUndefined();
    await world.advance(1);
    expect(outcome()).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: `A ping was not answered within ${waitsMs} ms`,
      processed: "maybe",
    });
    expect(client.status).toBe("connected");
    await world.until(client.dispose());
    await world.end();
  });

  test("ping() waits for the connection within the same time", async () => {
    const world = new World(served);
    const transport = new ScriptedTransport("far", world.clock);
    transport.outcome = { name: "no link", error: new SluiceError("UNAVAILABLE", "nobody there") };
    const client = new Client({ transport, clock: world.clock, logger: silentLogger });
    const [short, long] = [watch(client.ping({ timeout: 400 })), watch(client.ping({ timeout: 60_000 }))];
    await world.advance(400);
    expect(short()).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "A ping was not answered within 400 ms: there is no connection (nobody there)",
      processed: "no",
    });
    transport.outcome = { name: "accept" };
    await world.advance(30_000);
    expect(long()).toBe(0);
    await world.until(client.dispose());
    await world.end();
  });

  test("ping() is given up by its signal, and leaves nothing with it", async () => {
    const world = new World(served);
    const transport = new ScriptedTransport("far", world.clock);
    const client = new Client({ transport, clock: world.clock });
    const controller = new AbortController();
    const { signal } = controller;
    expect(await world.until(client.ping({ signal }))).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    transport.session.frame = () => {};
    const outcome = watch(client.ping({ signal }));
    await world.run();
    controller.abort("enough");
    await world.run();
    expect(outcome()).toMatchObject({ code: "CANCELLED", processed: "maybe" });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(await world.failure(client.ping({ signal }))).toMatchObject({
      code: "CANCELLED",
      processed: "no",
    });
    await world.until(client.dispose());
    await world.end();
  });

  test.each([
    [0, "DEADLINE_EXCEEDED"],
    [-1, "INVALID_ARGUMENT"],
    [Number.NaN, "INVALID_ARGUMENT"],
    [Number.POSITIVE_INFINITY, "INVALID_ARGUMENT"],
    ["10" as never, "INVALID_ARGUMENT"],
  ])("ping() with a timeout of %s fails at once: %s", (timeout, code) =>
    inWorld(served, async (world) => {
      await world.until(world.client.ready);
      expect(await world.failure(world.client.ping({ timeout }))).toMatchObject({ code, processed: "no" });
    }),
  );

  test("ping() fails when the connection is lost", () =>
    inWorld(served, async (world) => {
      await world.until(world.client.ready);
      const ping = world.client.ping();
      world.server.connections[0]?.close("enough");
      expect(await world.failure(ping)).toMatchObject({ code: "UNAVAILABLE" });
    }));
});
