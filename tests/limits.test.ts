/** Limits: just under goes through, just over is refused with its code, and nothing else is harmed. */
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { gate, inWorld, turns, until } from "./world.ts";

const KiB = 1_024;

describe.each(matrix)("limits over $name", (cell) => {
  const isStructured = cell.kind === "structured";
  /** A byte string that counts `payloadBytes` on this link. */
  const bytes = (payloadBytes: number): Uint8Array =>
    new Uint8Array(isStructured ? payloadBytes - 256 : payloadBytes);

  test("LM-1 maxMessage: a param and an item", () =>
    inWorld(cell, { client: { limits: { maxMessage: 10_000 } } }, async ({ client }) => {
      expect((await client.request("bytes/echo", { param: bytes(10_000) })).length).toBe(
        bytes(10_000).length,
      );
      const over = { code: "RESOURCE_EXHAUSTED", processed: "no", retryable: false };
      await expect(client.request("bytes/echo", { param: bytes(10_001) })).rejects.toMatchObject(over);
      const upload = client.channel("files/upload");
      await upload.send(bytes(10_000));
      await expect(upload.send(bytes(10_001))).rejects.toMatchObject(over);
      await upload.writable.close();
      expect(await upload).toBe(bytes(10_000).length);
    }));

  test("LM-1 maxMessage: a result and an item of a handler", () =>
    inWorld(
      cell,
      {
        server: { limits: { maxMessage: 10_000 } },
        handlers: {
          "plain/any": ({ param }) => bytes(param as number),
          async "bytes/pour"({ param, writable }) {
            await writable.getWriter().write(bytes(param.size));
            return 1;
          },
        },
      },
      async ({ client, log }) => {
        expect(((await client.request("plain/any", { param: 10_000 })) as Uint8Array).length).toBe(
          bytes(10_000).length,
        );
        await expect(client.request("plain/any", { param: 10_001 })).rejects.toMatchObject({
          code: "INTERNAL",
        });
        expect(await client.stream("bytes/pour", { param: { size: 10_000 } }).drain()).toBe(1);
        const failing = client.stream("bytes/pour", { param: { size: 10_001 } });
        await expect(failing.drain()).rejects.toMatchObject({ code: "INTERNAL" });
        expect(log.filter(({ level }) => level === "error").length).toBe(2);
      },
    ));

  test("LM-3 maxMetadata and its 64 entries", () =>
    inWorld(cell, { server: { limits: { maxMetadata: 1_000 } } }, async ({ client }) => {
      await client.ready;
      const over = { code: "RESOURCE_EXHAUSTED", processed: "no" };
      const text = (size: number) => ({ k: "x".repeat(size - '{"k":""}'.length) });
      await client.request("plain/ping", { metadata: text(1_000) });
      await expect(client.request("plain/ping", { metadata: text(1_001) })).rejects.toMatchObject(over);
      const entries = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, at) => [`e${at}`, ""]));
      await client.request("plain/ping", { metadata: entries(64) });
      await expect(client.request("plain/ping", { metadata: entries(65) })).rejects.toMatchObject(over);
    }));

  test("LM-4 maxConcurrentHandlers and maxQueue: calls above wait, calls above those are refused", () => {
    const going = gate();
    let running = 0;
    let most = 0;
    return inWorld(
      cell,
      {
        server: { limits: { maxConcurrentHandlers: 4 } },
        client: { limits: { maxQueue: 3 } },
        handlers: {
          async "plain/any"({ param }) {
            most = Math.max(most, ++running);
            await going.promise;
            running--;
            return param;
          },
        },
      },
      async ({ client }) => {
        await client.ready;
        const { signal } = new AbortController();
        const calls = Array.from({ length: 7 }, (_, param) => client.request("plain/any", { param, signal }));
        const refused = client.request("plain/any", { param: 7, signal });
        await expect(refused).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", processed: "no" });
        await until(() => running === 4);
        await turns(50);
        expect(most).toBe(4);
        going.open();
        expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4, 5, 6]);
        expect(most).toBe(4);
      },
    );
  });

  test("a call that is refused for want of room lets go of its signal", () => {
    const going = gate();
    return inWorld(
      cell,
      {
        server: { limits: { maxConcurrentHandlers: 1 } },
        client: { limits: { maxQueue: 0 } },
        handlers: { "plain/any": () => going.promise },
      },
      async ({ client }) => {
        await client.ready;
        const running = client.request("plain/any");
        const controller = new AbortController();
        const refused = client.request("plain/ping", { signal: controller.signal });
        await expect(refused).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
        // Nothing hears this any more, and nothing breaks by it.
        controller.abort();
        going.open();
        await running;
      },
    );
  });

  test("LM-8 maxConnections: who comes above is turned away", () =>
    inWorld(cell, { server: { limits: { maxConnections: 2 } } }, async ({ client, connect, server }) => {
      const second = connect();
      await Promise.all([client.ready, second.ready]);
      const third = connect({ reconnect: false });
      await expect(third.ready).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
      await second.dispose();
      await until(() => server.connections.length === 1);
      await connect().request("plain/ping");
    }));

  test("LM-2 maxDepth and maxNodes of what arrives at the server", () =>
    inWorld(cell, { server: { limits: { maxDepth: 8, maxNodes: 100 } } }, async ({ client }) => {
      const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
      expect(await client.request("plain/any", { param: nested(8) })).toEqual(nested(8));
      const list = (nodes: number): unknown => Array.from({ length: nodes - 1 }, () => 1);
      expect(await client.request("plain/any", { param: list(100) })).toEqual(list(100));
      if (isStructured) return; // What crosses as a value is not decoded.
      await expect(client.request("plain/any", { param: nested(9) })).rejects.toMatchObject({
        code: "DECODE_ERROR",
      });
      await expect(client.request("plain/any", { param: list(101) })).rejects.toMatchObject({
        code: "DECODE_ERROR",
      });
      expect(await client.request("plain/any", { param: 1 })).toBe(1);
    }));

  test("LM-5 window: what a reader that has not read anything is sent", () =>
    inWorld(cell, { client: { limits: { window: 8 * KiB } } }, async ({ client }) => {
      const stream = client.stream("bytes/pour", { param: { size: isStructured ? 704 : 960 } });
      await until(() => stream.stats.received === 8);
      await turns(300);
      expect([stream.stats.received, stream.stats.buffered]).toEqual([8, 8 * KiB]);
      stream.abort();
    }));
});

describe("limits that make no sense", () => {
  const [cell] = matrix as [(typeof matrix)[number]];
  test.each<[limits: object, error: new () => Error]>([
    [{ maxMessage: 16 * KiB * KiB }, RangeError],
    [{ maxCalls: 100_000 }, RangeError],
    [{ window: 2 * KiB * KiB }, RangeError],
    [{ maxQueue: -1 }, RangeError],
    [{ maxCalls: 1.5 }, RangeError],
    [{ noSuchLimit: 1 }, TypeError],
  ])("%j are refused at construction", async (limits, error) => {
    await expect(inWorld(cell, { client: { limits } }, async () => {})).rejects.toThrow(error);
  });
});
