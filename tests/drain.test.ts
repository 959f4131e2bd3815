/** Servers that go: what runs may finish, what is new is turned away, and nothing hangs. */
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { aborted, gate, inWorld, turns, until } from "./world.ts";

describe.each(matrix)("drain over $name", (cell) => {
  test("DR-3 lets running calls finish, and takes no new ones", () => {
    const going = gate();
    let started = 0;
    return inWorld(
      cell,
      {
        client: { reconnect: false },
        handlers: {
          async "plain/any"({ param }) {
            started++;
            await going.promise;
            return param;
          },
          async "numbers/count"({ param, writable }) {
            const writer = writable.getWriter();
            started++;
            await writer.write({ n: 1 });
            await going.promise;
            await writer.write({ n: 2 });
            return { sent: param.to };
          },
        },
      },
      async ({ client, server }) => {
        const request = client.request("plain/any", { param: "finished" });
        const stream = client.stream("numbers/count", { param: { to: 2 } });
        await until(() => started === 2);
        const drained = server.drain();
        expect(server.drain()).toBe(drained);
        await until(() => client.status === "draining");
        const refused = client.request("plain/ping", { failFast: true });
        await expect(refused).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
        expect(started).toBe(2);
        going.open();
        expect(await request).toBe("finished");
        const items: number[] = [];
        for await (const { n } of stream) items.push(n);
        expect([items, await stream]).toEqual([[1, 2], { sent: 2 }]);
        await drained;
        await until(() => client.status === "closed");
      },
    );
  });

  test("DR-2 of an idle server is done at once", () =>
    inWorld(cell, { client: { reconnect: false } }, async ({ client, server }) => {
      await client.request("plain/ping");
      await server.drain();
      await until(() => client.status === "closed");
      expect(server.connections).toEqual([]);
    }));

  test("DR-4 cuts off what takes too long", () => {
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        client: { reconnect: false },
        handlers: {
          async "plain/any"({ signal }) {
            reasons.push(await aborted(signal));
          },
        },
      },
      async ({ client, server }) => {
        const slow = client.request("plain/any");
        const failed = expect(slow).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
        await until(() => server.connections[0]?.runningHandlers === 1);
        await server.drain({ timeout: 20 });
        await failed;
        expect(reasons).toEqual(["shutdown"]);
      },
    );
  });

  test("DR-6 turns new clients away", () => {
    const going = gate();
    return inWorld(
      cell,
      { client: { reconnect: false }, handlers: { "plain/any": () => going.promise } },
      async ({ client, server, connect }) => {
        const running = client.request("plain/any");
        await until(() => server.connections[0]?.runningHandlers === 1);
        const drained = server.drain();
        const late = connect();
        await expect(late.ready).rejects.toMatchObject({ code: "UNAVAILABLE" });
        going.open();
        await running;
        await drained;
      },
    );
  });

  test("dispose() aborts handlers with shutdown, and waits until they have settled", () => {
    const reasons: unknown[] = [];
    const going = gate();
    let settled = 0;
    return inWorld(
      cell,
      {
        client: { reconnect: false },
        handlers: {
          async "plain/any"({ signal }) {
            reasons.push(await aborted(signal));
            await going.promise;
            settled++;
          },
        },
      },
      async ({ client, server }) => {
        const failed = expect(client.request("plain/any")).rejects.toMatchObject({ code: "UNAVAILABLE" });
        await until(() => server.connections[0]?.runningHandlers === 1);
        const disposed = server.dispose();
        expect(server.dispose()).toBe(disposed);
        await failed;
        await turns(20);
        expect([reasons, settled]).toEqual([["shutdown"], 0]);
        going.open();
        await disposed;
        expect(settled).toBe(1);
        expect(() =>
          server.handle({ name: "late", connect: () => Promise.reject(), dispose: async () => {} }),
        ).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
      },
    );
  });

  test("dispose() does not wait for ever for a handler that ignores everything", () => {
    const going = gate();
    return inWorld(
      cell,
      {
        client: { reconnect: false },
        server: { drainTimeout: 30 },
        handlers: { "plain/any": () => going.promise },
      },
      async ({ client, server, log }) => {
        const failed = expect(client.request("plain/any")).rejects.toMatchObject({ code: "UNAVAILABLE" });
        await until(() => server.connections[0]?.runningHandlers === 1);
        await server.dispose();
        await failed;
        expect(log.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
          expect.stringMatching(/^1 handler ignores that its signal has aborted, .+: plain\/any for \d+ ms$/),
        ]);
        going.open();
      },
    );
  });

  test("a client that is disposed of stops its calls, and gets their results", () => {
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        handlers: {
          async "numbers/count"({ signal, writable }) {
            await writable.getWriter().write({ n: 1 });
            reasons.push(await aborted(signal));
            return { sent: 7 };
          },
        },
      },
      async ({ connect }) => {
        const client = connect();
        const stream = client.stream("numbers/count", { param: { to: 0 } });
        const reader = stream.readable.getReader();
        await reader.read();
        const disposed = client.dispose();
        expect(client.dispose()).toBe(disposed);
        expect(await stream).toEqual({ sent: 7 });
        await disposed;
        expect(reasons).toEqual(["stop"]);
        const late = client.request("plain/ping");
        await expect(late).rejects.toMatchObject({ code: "CANCELLED", processed: "no" });
      },
    );
  });

  test("a client that is disposed of aborts what does not stop in time", () => {
    const reasons: unknown[] = [];
    const going = gate();
    return inWorld(
      cell,
      {
        handlers: {
          async "plain/any"({ signal }) {
            signal.addEventListener("abort", () => reasons.push(signal.reason));
            await going.promise;
          },
        },
      },
      async ({ connect }) => {
        const client = connect({ graceMs: 20 });
        const stubborn = client.request("plain/any");
        const failed = expect(stubborn).rejects.toMatchObject({ code: "CANCELLED", processed: "maybe" });
        await client.ready;
        await client.dispose();
        await failed;
        going.open();
      },
    );
  });
});
