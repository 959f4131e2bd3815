/** Calls of every kind, in every form, over every transport and codec. */
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { aborted, gate, inWorld, until } from "./world.ts";

describe.each(matrix)("calls over $name", (cell) => {
  test("RQ-1 a request gives its result, and needs neither param nor result", () =>
    inWorld(cell, {}, async ({ client }) => {
      expect(await client.request("math/add", { param: { a: 2, b: 3 } })).toBe(5);
      expect(await client.request("plain/ping")).toBeUndefined();
      await client.ready;
      expect(client.status).toBe("connected");
    }));

  test("values that are nearly nothing are values", () =>
    inWorld(cell, {}, async ({ client }) => {
      for (const value of [0, -1.5, "", "ž🐎", false, null, [], {}, [null, [0]], { a: { b: [""] } }]) {
        expect(await client.request("plain/any", { param: value })).toEqual(value);
      }
      expect(await client.request("plain/any")).toBeUndefined();
    }));

  test("byte strings stay byte strings", () =>
    inWorld(cell, {}, async ({ client }) => {
      for (const size of [0, 1, 255, 70_000]) {
        const sent = new Uint8Array(size).fill(size % 256);
        const received = await client.request("bytes/echo", { param: sent });
        expect(received).toBeInstanceOf(Uint8Array);
        expect(Buffer.from(received).equals(sent)).toBe(true);
      }
    }));

  test("ST-1 a stream gives its items, then its result", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 5 } });
      const items: number[] = [];
      for await (const { n } of stream) items.push(n);
      expect(items).toEqual([1, 2, 3, 4, 5]);
      expect(await stream).toEqual({ sent: 5 });
      expect(await stream.result).toEqual({ sent: 5 });
      expect(stream.stats.received).toBe(5);
    }));

  test("a handler may write to its writer, or be a generator", () =>
    inWorld(
      cell,
      {
        handlers: {
          async "numbers/count"({ param, writable }) {
            const writer = writable.getWriter();
            for (let n = 1; n <= param.to; n++) await writer.write({ n });
            // The writer is never closed: the stream ends with its handler.
            return { sent: param.to };
          },
        },
      },
      async ({ client }) => {
        const stream = client.stream("numbers/count", { param: { to: 3 } });
        const items: number[] = [];
        for await (const { n } of stream.readable) items.push(n);
        expect([items, await stream]).toEqual([[1, 2, 3], { sent: 3 }]);
      },
    ));

  test("CH-1 a channel talks both ways", () =>
    inWorld(cell, {}, async ({ client }) => {
      const chat = client.channel("chat/join", { param: { room: "kitchen" } });
      const reader = chat.readable.getReader();
      const writer = chat.writable.getWriter();
      await writer.write({ text: "hello" });
      expect((await reader.read()).value).toEqual({ from: "kitchen", text: "hello" });
      await writer.write({ text: "again" });
      expect((await reader.read()).value).toEqual({ from: "kitchen", text: "again" });
      await writer.close();
      expect((await reader.read()).done).toBe(true);
      expect(await chat).toEqual({ heard: 2 });
      expect(chat.stats.sent).toBe(2);
    }));

  test("close() asks the handler to finish, and the result still comes", () =>
    inWorld(
      cell,
      {
        handlers: {
          async "chat/join"({ signal, readable }) {
            let heard = 0;
            const listening = (async () => {
              for await (const _ of readable) heard++;
            })();
            expect(await aborted(signal)).toBe("stop");
            await listening;
            return { heard };
          },
        },
      },
      async ({ client }) => {
        const chat = client.channel("chat/join", { param: { room: "hall" } });
        await chat.send({ text: "one" });
        await chat.send({ text: "two" });
        await chat.close();
        await chat.close();
        expect(await chat).toEqual({ heard: 2 });
      },
    ));

  test("an upload takes an iterable, a generator or a stream", () =>
    inWorld(cell, {}, async ({ client }) => {
      async function* chunks() {
        for (let at = 0; at < 10; at++) yield new Uint8Array(10_000);
      }
      expect(await client.channel("files/upload", { send: chunks() })).toBe(100_000);
      const blob = new Blob([new Uint8Array(123_456)]);
      expect(await client.channel("files/upload", { send: blob.stream() })).toBe(123_456);
      expect(await client.channel("files/upload", { send: new Blob([]).stream() })).toBe(0);
    }));

  test("an event is handed over, and its handler is not waited for", () => {
    const seen: unknown[] = [];
    const going = gate();
    return inWorld(
      cell,
      {
        handlers: {
          async "mouse/clicked"({ data }) {
            await going.promise;
            seen.push(data);
          },
        },
      },
      async ({ client }) => {
        await client.event("mouse/clicked", { data: { x: 1, y: 2 } });
        expect(seen).toEqual([]);
        going.open();
        await until(() => seen.length === 1);
        expect(seen).toEqual([{ x: 1, y: 2 }]);
      },
    );
  });

  test("handlers see metadata, deadline, connection and context", () => {
    const seen: unknown[] = [];
    return inWorld(
      cell,
      {
        handlers: {
          "plain/any"({ metadata, deadline, connection, identity }) {
            seen.push(
              metadata,
              deadline === undefined ? "none" : deadline <= 60_000 && deadline > 0,
              identity,
            );
            return connection.transport;
          },
        },
      },
      async ({ client }) => {
        const options = { metadata: { trace: "00-ab" }, timeout: 60_000 };
        const name = await client.request("plain/any", options);
        expect(cell.name.startsWith(name as string)).toBe(true);
        await client.request("plain/any");
        expect(seen).toEqual([{ trace: "00-ab" }, true, undefined, {}, "none", undefined]);
      },
    );
  });

  test("many calls at once each get their own", () =>
    inWorld(cell, {}, async ({ client }) => {
      const sums = await Promise.all(
        Array.from({ length: 500 }, (_, at) => client.request("math/add", { param: { a: at, b: 1 } })),
      );
      expect(sums).toEqual(Array.from({ length: 500 }, (_, at) => at + 1));
      const streams = Array.from({ length: 20 }, (_, at) =>
        client.stream("numbers/count", { param: { to: at } }),
      );
      expect(await Promise.all(streams.map((stream) => stream.drain()))).toEqual(
        streams.map((_, at) => ({ sent: at })),
      );
    }));

  test("two clients of a server do not see each other", () =>
    inWorld(cell, {}, async ({ client, server, connect }) => {
      const other = connect();
      const [one, two] = await Promise.all([
        client.request("plain/any", { param: "one" }),
        other.request("plain/any", { param: "two" }),
      ]);
      expect([one, two, server.connections.length]).toEqual(["one", "two", 2]);
      expect(new Set(server.connections.map(({ id }) => id)).size).toBe(2);
    }));

  test("ping() gives the time there and back", () =>
    inWorld(cell, {}, async ({ client }) => {
      const ms = await client.ping();
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(5_000);
    }));

  test("describe() gives what is served, with schemas", () =>
    inWorld(cell, { server: { name: "tests" } }, async ({ client }) => {
      const { server, services } = await client.describe();
      expect([server, services.length, Object.keys(services[0]?.procedures ?? {})]).toEqual([
        "tests",
        1,
        expect.arrayContaining(["math/add", "chat/join"]),
      ]);
      expect(services[0]?.procedures["math/add"]).toMatchObject({
        type: "request",
        result: { type: "number" },
      });
    }));
});
