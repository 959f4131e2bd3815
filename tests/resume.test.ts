/** Links that are lost while calls run: the calls go on over the next one, and nothing is lost, doubled or reordered. */
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { aborted, gate, inWorld, until } from "./world.ts";

const fast = { reconnect: { initial: 1, max: 5 } };

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe.each(matrix)("a session over $name whose link is lost", (cell) => {
  test("SE-2 keeps a request that runs: its handler runs once, and its result arrives", () => {
    const going = gate();
    let runs = 0;
    return inWorld(
      cell,
      {
        client: fast,
        handlers: {
          async "plain/any"({ param }) {
            runs++;
            await going.promise;
            return param;
          },
        },
      },
      async ({ client, server, wire }) => {
        const answer = client.request("plain/any", { param: "kept" });
        await until(() => runs === 1);
        wire.cut();
        await until(() => client.status === "reconnecting");
        expect(server.connections.length).toBeLessThanOrEqual(1);
        await until(() => client.status === "connected");
        going.open();
        expect(await answer).toBe("kept");
        expect(runs).toBe(1);
      },
    );
  });

  test("SE-2 keeps streams: what the reader gets is what was written", () =>
    inWorld(cell, { client: fast }, async ({ client, wire }) => {
      const got: number[] = [];
      const stream = client.stream("numbers/count", { param: { to: 3_000 } });
      for await (const { n } of stream) {
        got.push(n);
        if (got.length % 500 === 100) wire.cut();
      }
      expect(got).toEqual(upTo(3_000).map((n) => n + 1));
      await stream;
    }));

  test("SE-2 keeps channels in both directions, over cut after cut", () =>
    inWorld(
      cell,
      {
        client: fast,
        handlers: {
          async *"chat/join"({ readable }) {
            let heard = 0;
            for await (const { text } of readable) {
              heard++;
              yield { from: "echo", text };
            }
            return { heard };
          },
        },
      },
      async ({ client, wire }) => {
        const channel = client.channel("chat/join", { param: { room: "resume" } });
        const got: number[] = [];
        const reading = (async () => {
          for await (const { text } of channel.readable) {
            got.push(Number(text));
            if (got.length % 300 === 50) wire.cut();
          }
        })();
        const writer = channel.writable.getWriter();
        for (const n of upTo(2_000)) await writer.write({ text: String(n) });
        await writer.close();
        await reading;
        expect(got).toEqual(upTo(2_000));
        expect(await channel).toEqual({ heard: 2_000 });
      },
    ));

  test("SE-2 tells neither handler nor caller, until the call ends", () => {
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        client: fast,
        handlers: {
          async "plain/any"({ signal }) {
            reasons.push(await aborted(signal));
          },
        },
      },
      async ({ client, server, wire }) => {
        const controller = new AbortController();
        const call = client.request("plain/any", { signal: controller.signal });
        await until(() => server.connections[0]?.runningHandlers === 1);
        wire.cut();
        await until(() => client.status === "reconnecting");
        await until(() => client.status === "connected");
        await client.ping();
        expect(reasons).toEqual([]);
        controller.abort();
        await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
        await until(() => reasons.length === 1);
        expect(reasons).toEqual(["cancelled"]);
      },
    );
  });
});
