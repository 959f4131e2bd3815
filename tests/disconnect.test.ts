/** Links that are lost without a session to find again: what calls and handlers learn, and how a client comes back. */
import { SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { aborted, inWorld, until } from "./world.ts";

const fast = { reconnect: { initial: 1, max: 10 }, session: false };

describe.each(matrix)("a lost link over $name", (cell) => {
  test("ends running calls, which may have run, and tells their handlers", () => {
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        client: fast,
        handlers: {
          async "plain/any"({ signal }) {
            reasons.push(await aborted(signal));
          },
          async "numbers/count"({ writable, signal }) {
            const writer = writable.getWriter();
            await writer.write({ n: 1 });
            reasons.push(await aborted(signal));
            return { sent: 1 };
          },
        },
      },
      async ({ client, server, wire }) => {
        const request = client.request("plain/any");
        const stream = client.stream("numbers/count", { param: { to: 0 } });
        const lost = { code: "UNAVAILABLE", processed: "maybe", retryable: true };
        const failed = [request, stream.result].map((call) => expect(call).rejects.toMatchObject(lost));
        await until(() => server.connections[0]?.runningHandlers === 2 && stream.stats.received === 1);
        wire.cut();
        await Promise.all(failed);
        // What had come is still there, then the loss: never a clean end.
        const reader = stream.readable.getReader();
        expect((await reader.read()).value).toEqual({ n: 1 });
        await expect(reader.read()).rejects.toMatchObject(lost);
        await until(() => reasons.length === 2);
        expect(reasons).toEqual(["disconnected", "disconnected"]);
      },
    );
  });

  test("is mended: the client comes back, and calls that waited are made", () => {
    const statuses: string[] = [];
    return inWorld(cell, { client: fast }, async ({ client, server, wire }) => {
      client.on("status", (status) => void statuses.push(status));
      for (let round = 0; round < 3; round++) {
        expect(await client.request("plain/any", { param: round })).toBe(round);
        wire.cut();
        await until(() => client.status === "reconnecting");
        expect(await client.request("plain/any", { param: "waited" })).toBe("waited");
      }
      expect(statuses).toEqual(
        [
          "connecting",
          ...[
            "connected",
            "reconnecting",
            "connected",
            "reconnecting",
            "connected",
            "reconnecting",
            "connected",
          ],
        ].slice(statuses[0] === "connecting" ? 0 : 1),
      );
      await until(() => server.connections.length === 1);
    });
  });

  test("is the end for a client that shall not reconnect", () =>
    inWorld(cell, { client: { reconnect: false } }, async ({ client, wire }) => {
      await client.ready;
      wire.cut();
      await until(() => client.status === "closed");
      const none = { code: "UNAVAILABLE", processed: "no" };
      await expect(client.request("plain/ping")).rejects.toMatchObject(none);
      await expect(client.stream("numbers/count", { param: { to: 1 } }).result).rejects.toMatchObject(none);
      await expect(client.ready).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }));

  test("fails a call at once that shall not wait", () =>
    inWorld(
      cell,
      { client: { reconnect: { initial: 60_000, max: 60_000, jitter: "none" } } },
      async ({ client, wire }) => {
        await client.ready;
        wire.cut();
        await until(() => client.status === "reconnecting");
        const call = client.request("plain/ping", { failFast: true });
        await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
        const late = client.request("plain/ping", { timeout: 20 });
        await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", processed: "no" });
      },
    ));

  test("wakes a writer that waits for credit", () =>
    inWorld(
      cell,
      {
        client: fast,
        handlers: {
          async "files/upload"({ signal }) {
            await aborted(signal);
            return 0;
          },
        },
      },
      async ({ client, wire }) => {
        const upload = client.channel("files/upload");
        const writer = upload.writable.getWriter();
        const writing = (async () => {
          for (;;) await writer.write(new Uint8Array(10_000));
        })();
        const failed = expect(writing).rejects.toSatisfy(
          (reason) => SluiceError.is(reason) && reason.code === "UNAVAILABLE",
        );
        await until(() => upload.stats.credit === 0 && upload.stats.sent > 5);
        wire.cut();
        await failed;
        await expect(upload).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
      },
    ));

  test("tells a server who has left", () => {
    const events: string[] = [];
    return inWorld(cell, { client: { reconnect: false } }, async ({ client, server, wire }) => {
      server.on("connected", () => void events.push("connected"));
      server.on("disconnected", () => void events.push("disconnected"));
      await client.ready;
      await until(() => events.length === 1);
      wire.cut();
      await until(() => events.length === 2);
      expect([events, server.connections]).toEqual([["connected", "disconnected"], []]);
    });
  });
});
