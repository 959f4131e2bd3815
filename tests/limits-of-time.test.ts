/** Times and rates: a moment before nothing happens, at the bound what docs/limits.md says; all on a clock that stands still. */
import { Client } from "@sluice/client";
import { FakeClock } from "@sluice/protocol/testing";
import type { Link } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { protocol } from "./protocol.ts";
import { aborted, gate, inWorld, turns, until } from "./world.ts";

/** How `promise` ends: `pending` until it does. */
function watch(promise: Promise<unknown>): { outcome: string } {
  const watched = { outcome: "pending" };
  promise.then(
    () => {
      watched.outcome = "resolved";
    },
    ({ code }: { code: string }) => {
      watched.outcome = code;
    },
  );
  return watched;
}

describe.each(matrix)("times over $name", (cell) => {
  test("LM-7 maxDeadline: a longer timeout is cut to it, whichever side has it; none stays none", async () => {
    for (const short of ["client", "server"] as const) {
      const seen: unknown[] = [];
      const limits = { maxDeadline: 5_000 };
      await inWorld(
        cell,
        {
          client: { clock: new FakeClock(), ...(short === "client" ? limits : {}) },
          server: { clock: new FakeClock(), ...(short === "server" ? limits : {}) },
          handlers: { "plain/ping": ({ deadline }) => void seen.push(deadline) },
        },
        async ({ client }) => {
          for (const timeout of [4_999, 5_000, 5_001, 100_000])
            await client.request("plain/ping", { timeout });
          await client.request("plain/ping");
        },
      );
      expect(seen).toEqual([4_999, 5_000, 5_000, 5_000, undefined]);
    }
  });

  test("LM-7 timeout: DEADLINE_EXCEEDED, and the handler is told", () => {
    const clock = new FakeClock();
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        client: { clock, timeout: 700 },
        handlers: { "plain/any": async ({ signal }) => void reasons.push(await aborted(signal)) },
      },
      async ({ client, server }) => {
        await client.ready;
        const call = watch(client.request("plain/any"));
        await until(() => server.connections[0]?.runningHandlers === 1);
        await clock.advance(699);
        await turns(20);
        expect([call.outcome, reasons]).toEqual(["pending", []]);
        await clock.advance(1);
        await until(() => reasons.length === 1);
        expect([call.outcome, reasons]).toEqual(["DEADLINE_EXCEEDED", ["deadline"]]);
      },
    );
  });

  test("LM-7 idleTimeout: from item to item, not from the start", () => {
    const clock = new FakeClock();
    const next = [gate(), gate()];
    return inWorld(
      cell,
      {
        client: { clock, idleTimeout: 300 },
        handlers: {
          async "numbers/count"({ writable, signal }) {
            const writer = writable.getWriter();
            for (const [at, { promise }] of next.entries()) {
              await promise;
              await writer.write({ n: at });
            }
            await aborted(signal);
            return { sent: 2 };
          },
        },
      },
      async ({ client, server }) => {
        await client.ready;
        const stream = client.stream("numbers/count", { param: { to: 2 } });
        const result = watch(stream.result);
        await until(() => server.connections[0]?.runningHandlers === 1);
        for (const [at, { open }] of next.entries()) {
          await clock.advance(299);
          open();
          await until(() => stream.stats.received === at + 1);
        }
        await clock.advance(299);
        await turns(20);
        expect(result.outcome).toBe("pending");
        await clock.advance(1);
        await until(() => result.outcome !== "pending");
        expect(result.outcome).toBe("DEADLINE_EXCEEDED");
      },
    );
  });

  test("LM-7 graceMs: dispose() of a client waits so long for a call that does not end", () => {
    const clock = new FakeClock();
    const going = gate();
    return inWorld(
      cell,
      { handlers: { "plain/any": () => going.promise as Promise<never> } },
      async ({ connect, server }) => {
        const client = connect({ clock, graceMs: 400 });
        await client.ready;
        const call = watch(client.request("plain/any"));
        await until(() => server.connections.some(({ runningHandlers }) => runningHandlers === 1));
        const disposed = watch(client.dispose());
        await clock.advance(399);
        await turns(20);
        expect([call.outcome, disposed.outcome]).toEqual(["pending", "pending"]);
        await clock.advance(1);
        await until(() => disposed.outcome !== "pending");
        expect([call.outcome, disposed.outcome]).toEqual(["CANCELLED", "resolved"]);
        going.open();
      },
    );
  });

  test("LM-7 drainTimeout: drain() lets calls run so long", () => {
    const clock = new FakeClock();
    const going = gate();
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        client: { reconnect: false },
        server: { clock, drainTimeout: 900 },
        handlers: {
          async "plain/any"({ signal }) {
            signal.addEventListener("abort", () => reasons.push(signal.reason));
            await going.promise;
          },
        },
      },
      async ({ client, server }) => {
        const call = watch(client.request("plain/any"));
        await until(() => server.connections[0]?.runningHandlers === 1);
        const drained = watch(server.drain());
        await until(() => client.status === "draining");
        await clock.advance(899);
        await turns(20);
        expect([call.outcome, drained.outcome, reasons]).toEqual(["pending", "pending", []]);
        await clock.advance(1);
        await until(() => call.outcome !== "pending");
        expect([call.outcome, reasons]).toEqual(["UNAVAILABLE", ["shutdown"]]);
        going.open();
        await until(() => drained.outcome === "resolved");
      },
    );
  });

  test("LM-7 drainTimeout: dispose() waits so long for handlers that ignore their signal", () => {
    const clock = new FakeClock();
    const going = gate();
    return inWorld(
      cell,
      {
        client: { reconnect: false },
        server: { clock, drainTimeout: 900 },
        handlers: { "plain/any": () => going.promise as Promise<never> },
      },
      async ({ client, server, log }) => {
        const call = watch(client.request("plain/any"));
        await until(() => server.connections[0]?.runningHandlers === 1);
        const disposed = watch(server.dispose());
        await until(() => call.outcome === "UNAVAILABLE");
        await clock.advance(899);
        await turns(20);
        expect([disposed.outcome, log.filter(({ level }) => level === "warn")]).toEqual(["pending", []]);
        await clock.advance(1);
        await until(() => disposed.outcome === "resolved");
        expect(log.filter(({ level }) => level === "warn")).toHaveLength(1);
        going.open();
      },
    );
  });

  test("LM-6 abuseRate: a client that gives up more calls than that loses its session", () => {
    const clock = new FakeClock();
    const going = gate();
    return inWorld(
      cell,
      {
        client: { reconnect: false },
        server: { clock, limits: { abuseRate: { events: 5, perMs: 1_000 } } },
        handlers: { "plain/any": () => going.promise as Promise<never> },
      },
      async ({ client, server }) => {
        await client.ready;
        const giveUp = async (): Promise<void> => {
          const controller = new AbortController();
          const call = watch(client.request("plain/any", { signal: controller.signal }));
          const running = server.connections[0]?.runningHandlers ?? 0;
          await until(() => server.connections[0]?.runningHandlers === running + 1);
          controller.abort();
          await until(() => call.outcome === "CANCELLED");
        };
        for (let count = 0; count < 5; count++) await giveUp();
        await client.ping();
        await clock.advance(1_000);
        for (let count = 0; count < 5; count++) await giveUp();
        await client.ping();
        expect(client.status).toBe("connected");
        await clock.advance(999);
        const controller = new AbortController();
        const last = watch(client.request("plain/any", { signal: controller.signal }));
        const beside = watch(client.request("plain/any"));
        await until(() => server.connections[0]?.runningHandlers === 12);
        controller.abort();
        await until(() => client.status === "closed");
        expect([last.outcome, beside.outcome]).toEqual(["CANCELLED", "ENHANCE_YOUR_CALM"]);
        going.open();
      },
    );
  });

  test("LM-7 handshakeTimeout: a peer that connects and says nothing is let go", () => {
    const clock = new FakeClock();
    const refused: string[] = [];
    return inWorld(cell, { server: { clock, handshakeTimeout: 250 } }, async ({ client, server, wire }) => {
      await client.ready;
      server.on("refused", ({ error }) => refused.push(error.code));
      const transport = wire.transport();
      const armed = clock.armedTimers;
      const link: Link = await transport.connect();
      let isClosed = false;
      link.receive({
        frame() {},
        malformed() {},
        flushing() {},
        writable() {},
        closed() {
          isClosed = true;
        },
      });
      // The server has the link once its timer runs.
      await until(() => clock.armedTimers > armed);
      await clock.advance(249);
      await turns(20);
      expect([isClosed, refused]).toEqual([false, []]);
      await clock.advance(1);
      await until(() => isClosed && refused.length === 1);
      expect(refused).toEqual(["HANDSHAKE_TIMEOUT"]);
      expect(client.status).toBe("connected");
      await transport.dispose();
    });
  });

  test("LM-7 handshakeTimeout: a client leaves a server that says nothing", async () => {
    const wire = await cell.open();
    const clock = new FakeClock();
    const links: Link[] = [];
    await wire.serve({
      handle: (transport) => transport.accept?.((link) => void links.push(link)),
      listen: async (listener) => {
        const address = await listener.listen((link) => void links.push(link));
        closing.push(() => listener.close());
        return [address];
      },
    });
    const client = new Client({
      protocol,
      transport: wire.transport(),
      codec: cell.codec,
      reconnect: false,
      clock,
      handshakeTimeout: 250,
    });
    const ready = watch(client.ready);
    await until(() => links.length === 1 && clock.armedTimers > 0);
    await clock.advance(249);
    await turns(20);
    expect(ready.outcome).toBe("pending");
    await clock.advance(1);
    await until(() => ready.outcome !== "pending");
    expect(ready.outcome).toBe("HANDSHAKE_TIMEOUT");
    await client.dispose();
    for (const link of links) link.destroy();
    await Promise.all(closing.splice(0).map((close) => close()));
    await wire.close();
  });
});

/** Ends the listeners of servers that say nothing. */
const closing: (() => Promise<void>)[] = [];
