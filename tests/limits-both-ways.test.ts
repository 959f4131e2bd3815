/** Limits at the side that calls, and at clients that are called: just under goes through, just over is refused with its code. */
import type { SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { type Cell, matrix } from "./matrix.ts";
import { protocol } from "./protocol.ts";
import { comesToRest, gate, inWorld, turns, until, type World, type WorldOptions } from "./world.ts";

const KiB = 1_024;

/** The client of the only connection, as the server calls it. */
async function peerOf({ client, server }: World) {
  await client.ready;
  await until(() => server.connections.length === 1);
  const [connection] = server.connections;
  if (connection === undefined) throw new Error("nobody is connected");
  return connection.client;
}

/** A world whose client serves `plain/any` and `plain/ping`, and whose server may call all of the protocol. */
function callable(
  client: WorldOptions["client"],
  answer: (param: unknown) => unknown = (param) => param,
): WorldOptions {
  return {
    server: { clientProtocol: protocol },
    client: {
      handlers: { "plain/any": ({ param }) => answer(param), "plain/ping": () => {} },
      ...client,
    },
  };
}

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
const list = (nodes: number): unknown => Array.from({ length: nodes - 1 }, () => 1);

describe.each(matrix)("limits both ways over $name", (cell: Cell) => {
  const isStructured = cell.kind === "structured";
  /** A byte string that counts `payloadBytes` on this link. */
  const bytes = (payloadBytes: number): Uint8Array =>
    new Uint8Array(isStructured ? payloadBytes - 256 : payloadBytes);

  test("LM-1 maxMessage: what the peer accepts counts, whoever calls", () =>
    inWorld(
      cell,
      callable({ limits: { maxMessage: 10_000 } }, (size) => new Uint8Array(size as number)),
      async (world) => {
        const over = { code: "RESOURCE_EXHAUSTED", processed: "no" };
        const peer = await peerOf(world);
        expect(await peer.request("plain/any", { param: 100 })).toHaveLength(100);
        await expect(peer.request("plain/any", { param: bytes(10_001) })).rejects.toMatchObject(over);
        const answer = peer.request("plain/any", { param: bytes(10_001).length });
        await expect(answer).rejects.toMatchObject({ code: "INTERNAL" });
        expect(await peer.request("plain/any", { param: bytes(10_000).length })).toHaveLength(
          bytes(10_000).length,
        );
        // The server's own limit would let this go; the client would not take it.
        await expect(world.client.request("plain/any", { param: bytes(10_001) })).rejects.toMatchObject(over);
        expect(await world.client.request("plain/any", { param: bytes(10_000) })).toHaveLength(
          bytes(10_000).length,
        );
      },
    ));

  test("LM-2 maxDepth: a value that is sent, by the client and by a handler", () =>
    inWorld(
      cell,
      {
        client: { limits: { maxDepth: 8 } },
        server: { limits: { maxDepth: 16 } },
        handlers: {
          "plain/any": ({ param }) => (typeof param === "number" ? nested(param) : param) as never,
        },
      },
      async ({ client }) => {
        await client.request("plain/any", { param: nested(8) as never });
        await expect(client.request("plain/any", { param: nested(9) as never })).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
          processed: "no",
        });
        await expect(client.request("plain/any", { param: 17 })).rejects.toMatchObject({ code: "INTERNAL" });
      },
    ));

  test("LM-2 maxDepth and maxNodes of what arrives at the client: its own calls end, the session goes on", () =>
    inWorld(
      cell,
      {
        client: { limits: { maxDepth: 8, maxNodes: 100 } },
        handlers: {
          "plain/any": ({ param }) => {
            const { levels, nodes } = param as { levels?: number; nodes?: number };
            return (levels === undefined ? list(nodes as number) : nested(levels)) as never;
          },
        },
      },
      async ({ client }) => {
        expect(await client.request("plain/any", { param: { levels: 8 } })).toEqual(nested(8));
        expect(await client.request("plain/any", { param: { nodes: 100 } })).toEqual(list(100));
        if (isStructured) return; // What crosses as a value is not decoded.
        const refused = { code: "DECODE_ERROR", processed: "maybe" };
        await expect(client.request("plain/any", { param: { levels: 9 } })).rejects.toMatchObject(refused);
        await expect(client.request("plain/any", { param: { nodes: 101 } })).rejects.toMatchObject(refused);
        await client.request("plain/ping");
      },
    ));

  test("LM-3 maxMetadata and maxName of a client that is called", () =>
    inWorld(cell, callable({ limits: { maxMetadata: 100, maxName: 10 } }), async (world) => {
      const peer = await peerOf(world);
      const text = (size: number) => ({ k: "x".repeat(size - '{"k":""}'.length) });
      await peer.request("plain/ping", { metadata: text(100) });
      await expect(peer.request("plain/ping", { metadata: text(101) })).rejects.toMatchObject({
        code: "RESOURCE_EXHAUSTED",
        processed: "no",
      });
      // 10 bytes, which nobody serves there; and 13.
      await expect(peer.request("bytes/echo", { param: bytes(300) })).rejects.toMatchObject({
        code: "UNIMPLEMENTED",
      });
      const long = peer.stream("numbers/count", { param: { to: 1 } });
      await expect(long.result).rejects.toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
    }));

  test("LM-3 maxName of a server", () =>
    inWorld(cell, { server: { limits: { maxName: 10 } } }, async ({ client }) => {
      await client.request("plain/ping");
      const long = client.stream("numbers/count", { param: { to: 1 } });
      await expect(long.result).rejects.toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
    }));

  test.each(["maxCalls", "maxConcurrentHandlers"] as const)(
    "LM-4 %s and maxQueue of a server that calls its client",
    (limit) => {
      const going = gate();
      let running = 0;
      let most = 0;
      const options = callable({ limits: { [limit]: 4 } }, async (param) => {
        most = Math.max(most, ++running);
        await going.promise;
        running--;
        return param;
      });
      return inWorld(
        cell,
        { ...options, server: { ...options.server, limits: { maxQueue: 3 } } },
        async (world) => {
          const peer = await peerOf(world);
          const calls = Array.from({ length: 7 }, (_, param) => peer.request("plain/any", { param }));
          await expect(peer.request("plain/any", { param: 7 })).rejects.toMatchObject({
            code: "RESOURCE_EXHAUSTED",
            processed: "no",
          });
          await until(() => running === 4);
          await turns(50);
          expect(most).toBe(4);
          going.open();
          expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4, 5, 6]);
          expect(most).toBe(4);
        },
      );
    },
  );

  test("LM-4 maxCalls of a server: streams that nobody ends hold their places", () =>
    inWorld(
      cell,
      { server: { limits: { maxCalls: 4 } }, client: { limits: { maxQueue: 0 } } },
      async ({ client }) => {
        await client.ready;
        const pouring = Array.from({ length: 4 }, () => client.stream("bytes/pour", { param: { size: 10 } }));
        const refused = client.request("plain/ping");
        await expect(refused).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", processed: "no" });
        for (const stream of pouring) stream.abort();
        // A slot is free once the handler has settled and the client knows.
        let error: SluiceError | undefined;
        do {
          error = await client.request("plain/ping").then(
            () => undefined,
            (reason: SluiceError) => reason,
          );
          if (error !== undefined) await turns(1);
        } while (error?.code === "RESOURCE_EXHAUSTED");
        expect(error).toBeUndefined();
      },
    ));

  test("LM-5 window and maxWindow: what lies unread at a client that has read fast before", () =>
    inWorld(cell, { client: { limits: { window: 8 * KiB, maxWindow: 32 * KiB } } }, async ({ client }) => {
      const stream = client.stream("bytes/pour", { param: { size: isStructured ? 704 : 960 } });
      const buffered = (): number => stream.stats.buffered;
      expect(await comesToRest(buffered, 8 * KiB, "bytes that lie unread")).toBe(8 * KiB);
      const reader = stream.readable.getReader();
      for (let taken = 0; taken < 2_000; taken++) await reader.read();
      const unread = await comesToRest(buffered, 8 * KiB + 1, "bytes that lie unread after a fast reader");
      expect(unread).toBeLessThanOrEqual(32 * KiB);
      stream.abort();
    }));

  test("LM-5 maxBuffered: twice that may wait of what nobody awaits, and no more", () => {
    const going = gate();
    const maxBuffered = 128 * KiB;
    const item = bytes(960);
    return inWorld(
      cell,
      {
        client: { limits: { maxBuffered, maxMessage: 16 * KiB, maxCalls: 16 } },
        server: { limits: { window: KiB, maxWindow: KiB } },
        handlers: {
          async "files/upload"({ readable }) {
            await going.promise;
            let count = 0;
            for await (const _ of readable) count++;
            return count;
          },
        },
      },
      async ({ client, server }) => {
        await client.ready;
        const upload = client.channel("files/upload");
        await until(() => server.connections[0]?.runningHandlers === 1);
        const most = (2 * maxBuffered) / KiB;
        const outcomes = Array.from({ length: most + 100 }, () =>
          upload.send(item).then(
            () => "sent",
            ({ code }: SluiceError) => code,
          ),
        );
        await turns(50);
        going.open();
        const told = await Promise.all(outcomes);
        const sent = told.filter((outcome) => outcome === "sent").length;
        // Besides what waits there is what went at once, within a window of at most 8 KiB.
        expect(sent).toBeGreaterThanOrEqual(most);
        expect(sent).toBeLessThanOrEqual(most + 8);
        expect(told.slice(sent)).toEqual(told.slice(sent).map(() => "RESOURCE_EXHAUSTED"));
        await upload.writable.close();
        expect(await upload).toBe(sent);
      },
    );
  });
});
