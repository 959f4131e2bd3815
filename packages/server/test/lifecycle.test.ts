/** What a server tells those who watch it: who comes and goes, how calls begin and end, in which order. */
import { defineService, type ProtocolDefinition, SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { serve } from "../src/service-registry.ts";
import { gate, inWorld, type World, type WorldOptions } from "./world.ts";

const text = { type: "string" } as const;
const protocol = {
  work: { type: "request", param: text, result: text },
  items: { type: "stream", receive: text, result: text },
  seen: { type: "event", data: text },
} as const satisfies ProtocolDefinition;

const wrong = new RangeError("on purpose");
const handlers: NonNullable<WorldOptions["handlers"]> = {
  work: ({ param }) => {
    if (param === "wrong") throw wrong;
    return param === "no text" ? 1 : param;
  },
  async *items() {
    yield "a";
    return "over";
  },
  seen: ({ data }) => {
    if (data === "wrong") throw wrong;
  },
};
const served: WorldOptions = { protocol, handlers, public: true };

/** Every event of the world's server, as it comes. */
function watch(world: World): unknown[] {
  const told: unknown[] = [];
  const { server } = world;
  server.on("connected", ({ connection }) => told.push(["connected", connection.peer]));
  server.on("disconnected", ({ connection, reason }) => told.push(["disconnected", connection.peer, reason]));
  server.on("refused", ({ transport, remote, error }) =>
    told.push(["refused", transport, remote, error.code]),
  );
  server.on("call:start", ({ call }) => told.push(["start", call.procedure]));
  server.on("call:end", ({ call, durationMs }) => told.push(["end", call.procedure, durationMs]));
  server.on("call:error", ({ call, durationMs, error }) =>
    told.push(["error", call.procedure, durationMs, error]),
  );
  return told;
}

describe("connections", () => {
  test("come and go, and are listed in between", () =>
    inWorld(served, async (world) => {
      const { server } = world;
      const counts: number[] = [];
      server.on("connected", () => counts.push(server.connections.length));
      server.on("disconnected", () => counts.push(server.connections.length));
      const told = watch(world);
      const client = world.connect({ name: "till 1" });
      await world.until(client.ready);
      await world.run();
      expect(told).toEqual([["connected", "till 1"]]);
      await world.until(client.dispose());
      await world.run();
      const reason = "till 1 closed the session: The client was disposed";
      expect(told.slice(1)).toEqual([["disconnected", "till 1", reason]]);
      expect(counts).toEqual([1, 0]);
    }));

  test("that the server closes say its reason on both sides", () =>
    inWorld(served, async (world) => {
      const told = watch(world);
      const client = world.connect();
      await world.until(client.ready);
      await world.run();
      world.server.connections[0]?.close("you are too loud");
      expect(await world.failure(client.ready.then(() => client.ping()))).toMatchObject({
        code: "UNAVAILABLE",
      });
      expect(await world.failure(client.ready)).toMatchObject({
        message: expect.stringContaining("you are too loud"),
      });
      expect(told.slice(1)).toEqual([["disconnected", "client", "you are too loud"]]);
    }));

  test("that are closed by who is told of them come and go all the same", () =>
    inWorld(served, async (world) => {
      world.server.on("connected", ({ connection }) => connection.close("not you"));
      const told = watch(world);
      const client = world.connect();
      await world.run();
      expect(told).toEqual([
        ["connected", "client"],
        ["disconnected", "client", "not you"],
      ]);
      expect([client.status, world.server.connections]).toEqual(["closed", []]);
    }));

  test("that are lost while they shake hands were refused, not connected", async () => {
    const deciding = gate<object>();
    await inWorld({ ...served, authenticate: () => deciding.promise }, async (world) => {
      const told = watch(world);
      const client = world.connect();
      await world.run();
      await world.until(client.dispose());
      deciding.open({});
      await world.run();
      expect(told).toEqual([["refused", "memory", undefined, "UNAVAILABLE"]]);
    });
  });
});

describe("calls", () => {
  test("begin and end, with the time between", async () => {
    const going = gate();
    const slow = { ...handlers, work: () => going.promise.then(() => "done") };
    await inWorld({ ...served, handlers: slow }, async (world) => {
      const told = watch(world);
      const client = world.connect();
      const call = client.request("work", { param: "a" });
      await world.advance(250);
      expect(told).toEqual([
        ["connected", "client"],
        ["start", "work"],
      ]);
      going.open();
      await world.until(call);
      expect(told.slice(2)).toEqual([["end", "work", 250]]);
      await world.until(client.stream("items").drain());
      await world.until(client.event("seen", { data: "x" }));
      expect(told.slice(3)).toEqual([
        ["start", "items"],
        ["end", "items", 0],
        ["start", "seen"],
        ["end", "seen", 0],
      ]);
    });
  });

  test("fail with what the handler threw, whole, or with what cannot be sent", () =>
    inWorld(served, async (world) => {
      const told = watch(world);
      const client = world.connect();
      expect(await world.failure(client.request("work", { param: "wrong" }))).toMatchObject({
        code: "INTERNAL",
      });
      expect(await world.failure(client.request("work", { param: "no text" }))).toMatchObject({
        code: "INTERNAL",
      });
      await world.until(client.event("seen", { data: "wrong" }));
      const unsendable = expect.objectContaining({ message: expect.stringContaining("cannot be sent") });
      expect(told.slice(1)).toEqual([
        ["start", "work"],
        ["error", "work", 0, wrong],
        ["start", "work"],
        ["error", "work", 0, unsendable],
        ["start", "seen"],
        ["error", "seen", 0, wrong],
      ]);
    }));

  test("that are refused have no events", () =>
    inWorld({ ...served, access: { items: false, work: () => false } }, async (world) => {
      const told = watch(world);
      const client = world.connect({ validate: "none" });
      for (const call of [
        client.request("work", { param: "a" }),
        client.request("work", { param: 1 }),
        client.stream("items").result,
        client.request("nothing"),
      ]) {
        await world.failure(call);
      }
      expect(told).toEqual([["connected", "client"]]);
    }));

  test("of a service have its name before theirs", () => {
    const calc = defineService({ name: "calc", version: "1.0.0", protocol: { work: protocol.work } });
    const services = [serve(calc, { work: handlers.work as never })] as never;
    return inWorld({ ...served, services }, async (world) => {
      const told = watch(world);
      const client = world.connect();
      await world.until(client.service(calc).work("a"));
      await world.failure(client.service(calc).work("wrong"));
      expect(told.slice(1)).toEqual([
        ["start", "calc/work"],
        ["end", "calc/work", 0],
        ["start", "calc/work"],
        ["error", "calc/work", 0, wrong],
      ]);
      expect(world.complaints).toEqual(["The handler of calc/work failed"]);
    });
  });

  test("that began before anybody watched have no end for him either", async () => {
    const going = gate();
    await inWorld(
      { ...served, handlers: { ...handlers, work: () => going.promise.then(() => "") } },
      async (world) => {
        const client = world.connect();
        const call = client.request("work", { param: "a" });
        await world.run();
        const told = watch(world);
        going.open();
        await world.until(call);
        expect(told).toEqual([]);
      },
    );
  });
});

describe("listeners", () => {
  test("that throw harm neither calls, nor each other's server, nor the log's reader", () =>
    inWorld(served, async (world) => {
      const { server } = world;
      const fault = new SluiceError("INTERNAL", "not my fault");
      const events = [
        "connected",
        "disconnected",
        "refused",
        "call:start",
        "call:end",
        "call:error",
      ] as const;
      for (const name of events) {
        server.on(name, () => {
          throw fault;
        });
      }
      const client = world.connect();
      expect(await world.until(client.request("work", { param: "a" }))).toBe("a");
      expect(await world.failure(client.request("work", { param: "wrong" }))).toMatchObject({
        code: "INTERNAL",
      });
      await world.until(client.dispose());
      await world.run();
      await world.until(server.dispose());
      expect(await world.failure(world.connect().ready)).toMatchObject({ code: "UNAVAILABLE" });
      const lines = world.log.filter(({ message }) => message.startsWith("A listener of "));
      expect(lines.map(({ level, message }) => [level, message.split(" ")[3]])).toEqual(
        ["connected", "call:start", "call:end", "call:start", "call:error", "disconnected", "refused"].map(
          (name) => ["error", name],
        ),
      );
      for (const { fields } of lines) expect(fields).toEqual({ error: fault });
    }));

  test("are taken off by off(), and by what on() gave", () =>
    inWorld(served, async (world) => {
      const { server } = world;
      let told = 0;
      const listener = (): void => void told++;
      const off = server.on("call:end", listener);
      const client = world.connect();
      await world.until(client.request("work", { param: "a" }));
      off();
      await world.until(client.request("work", { param: "a" }));
      server.on("call:end", listener);
      server.off("call:end", listener);
      await world.until(client.request("work", { param: "a" }));
      expect(told).toBe(1);
    }));
});
