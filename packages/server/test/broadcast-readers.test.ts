/** A hub behind a server: one slow and nine fast readers over a Unix socket, and readers that go. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, connect } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { describe, expect, test } from "vitest";
import { type Broadcast, broadcast, type Overflow, Server, type Subscription } from "../src/index.ts";
import { gate } from "./world.ts";

const protocol = {
  watch: {
    type: "stream",
    param: { enum: ["block", "drop-oldest", "latest", "error"] },
    receive: {
      type: "object",
      properties: { n: { type: "integer" }, body: { type: "string", contentEncoding: "base64" } },
      required: ["n", "body"],
    },
    result: { type: "integer" },
  },
} as const satisfies ProtocolDefinition;

interface Item {
  readonly n: number;
  readonly body: Uint8Array;
}

const size = 16;
const body = new Uint8Array(1_024);

interface Studio {
  readonly hub: Broadcast<Item>;
  /** What the handlers subscribed to, in their order. */
  readonly subscriptions: readonly Subscription<Item>[];
  /** Closes every connection at the server. */
  cutAll(): void;
  /** A client of its own connection. */
  join(): Promise<Client<typeof protocol>>;
}

/** A server with a hub on a Unix socket, for `body`; afterwards nothing of it is left. */
function inStudio(use: (studio: Studio) => Promise<void>): Promise<void> {
  return finishesCleanly(async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-hub-"));
    const url = `unix:${join(folder, "hub.sock")}`;
    const hub = broadcast<Item>({ overflow: "block", size });
    const subscriptions: Subscription<Item>[] = [];
    const server = new Server({
      protocol,
      public: true,
      handlers: {
        async *watch({ param, signal }) {
          const subscription = hub.subscribe({ overflow: param as Overflow, signal });
          subscriptions.push(subscription);
          yield* subscription;
          return subscription.dropped;
        },
      },
    });
    const clients: Client<typeof protocol>[] = [];
    try {
      await server.listen(url);
      await use({
        hub,
        subscriptions,
        cutAll() {
          for (const connection of server.connections) connection.close();
        },
        async join() {
          const client = await connect(url, { protocol, reconnect: false });
          clients.push(client);
          return client;
        },
      });
    } finally {
      await Promise.all(clients.map((client) => client.dispose()));
      await server.dispose();
      await rm(folder, { recursive: true });
    }
    expect(hub.subscribers).toBe(0);
  });
}

/** Lets the event loop turn until `holds()`. */
async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error("Waited for 10 s");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a hub over a Unix socket", () => {
  test("gives nine fast readers everything and a slow one the latest, with bounded buffers", () =>
    inStudio(async ({ hub, subscriptions, join: enter }) => {
      const count = 2_000;
      const published = gate();
      const watch = async (overflow: Overflow, isSlow: boolean) => {
        const call = (await enter()).stream("watch", { param: overflow });
        const seen: number[] = [];
        for await (const { n } of call) {
          seen.push(n);
          if (isSlow) await published.promise;
        }
        return { seen, dropped: await call };
      };
      const readers = [watch("latest", true), ...Array.from({ length: 9 }, () => watch("block", false))];
      await until(() => hub.subscribers === readers.length);

      let most = { latest: 0, block: 0 };
      for (let n = 1; n <= count; n++) {
        const publish = hub.publish({ n, body });
        for (const { buffered } of subscriptions) most = { ...most, block: Math.max(most.block, buffered) };
        await publish;
      }
      const slowest = subscriptions.find(({ dropped }) => dropped > 0);
      most.latest = slowest?.buffered ?? 0;
      hub.close();
      published.open();
      const [slow, ...fast] = await Promise.all(readers);

      const everything = Array.from({ length: count }, (_, at) => at + 1);
      for (const { seen, dropped } of fast) expect([seen, dropped]).toEqual([everything, 0]);
      expect(subscriptions.filter(({ dropped }) => dropped > 0)).toEqual([slowest]);
      expect(most.block).toBeLessThanOrEqual(size + 1);
      expect(most.latest).toBe(1);
      // It was sent no more than a window of 64 KiB and the newest one, and knows what it has missed.
      expect(slow?.seen.length).toBeLessThan(70);
      expect(slow?.seen.at(-1)).toBe(count);
      expect(slow?.seen).toEqual(slow?.seen.toSorted((a, b) => a - b));
      expect((slow?.seen.length ?? 0) + (slow?.dropped ?? 0)).toBe(count);
    }));

  test("lets the publisher go on when a blocking reader stops, gives up or is cut off", () =>
    inStudio(async ({ hub, cutAll, join: enter }) => {
      for (const leave of ["stop", "abort", "cut"] as const) {
        const call = (await enter()).stream("watch", { param: "block" });
        await until(() => hub.subscribers === 1);
        // Until the window of the call and the buffer of its subscription are full.
        let waiting: Promise<void> | undefined;
        while (waiting === undefined) {
          const publish = hub.publish({ n: 0, body });
          const turn = new Promise((resolve) => setImmediate(resolve, "waits"));
          if ((await Promise.race([publish, turn])) === "waits") waiting = publish;
        }
        if (leave === "stop") await call.close();
        if (leave === "abort") call.abort();
        if (leave === "cut") cutAll();
        await waiting;
        await until(() => hub.subscribers === 0);
        if (leave === "stop") expect(await call.drain()).toBe(0);
      }
    }));

  test("ends the call of a reader that overflows with RESOURCE_EXHAUSTED, after what was buffered", () =>
    inStudio(async ({ hub, subscriptions, join: enter }) => {
      const call = (await enter()).stream("watch", { param: "error" });
      await until(() => hub.subscribers === 1);
      let published = 0;
      while (hub.subscribers > 0) {
        await hub.publish({ n: ++published, body });
        await new Promise((resolve) => setImmediate(resolve));
      }
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { n } of call) seen.push(n);
      })();
      await expect(reading).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", origin: "remote" });
      expect(seen).toEqual(Array.from({ length: published - 1 }, (_, at) => at + 1));
      expect(subscriptions[0]?.dropped).toBe(1);
    }));
});
