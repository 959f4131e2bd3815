/** Workers as most platforms have them: nothing is said of their end. Their silence says it. Spec: docs/wire.md §4.10. */
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Client, type ClientOptions } from "@sluice/client";
import { FakeClock } from "@sluice/protocol/testing";
import { type EmitterPort, messagePortTransport } from "@sluice/transport-memory";
import { afterEach, describe, expect, inject, test } from "vitest";
import { graceMs, workerProtocol } from "./children/worker-protocol.ts";

const startMs = 20_000;
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

function startWorker(): Worker {
  const worker = new Worker(
    join(inject("programs"), "packages/transport-memory/test/children/serving-worker.mjs"),
  );
  workers.push(worker);
  return worker;
}

/** `worker` as a port that tells of messages only, as that of a page does. */
function mute(worker: Worker): EmitterPort {
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    on: (name, listener) => (name === "message" ? worker.on(name, listener) : worker),
    off: (name, listener) => (name === "message" ? worker.off(name, listener) : worker),
  };
}

/** A client whose time stands still, and what it tells of its status. */
function clientOf(
  port: EmitterPort | (() => EmitterPort),
  reconnect: NonNullable<ClientOptions<typeof workerProtocol>["reconnect"]> | false,
) {
  const clock = new FakeClock();
  const client = new Client({
    protocol: workerProtocol,
    transport: messagePortTransport(port),
    heartbeat: 50,
    deadAfter: 150,
    reconnect,
    clock,
    logger,
  });
  const statuses: string[] = [];
  client.on("status", (status) => void statuses.push(`${clock.now()} ms ${status}`));
  return { client, clock, statuses };
}

/** Reads a stream that never ends by itself until it fails; says when that was. */
async function pouring(client: Client<typeof workerProtocol>, clock: FakeClock) {
  const stream = client.stream("pour", { param: 1_000_000 });
  const reader = stream.readable.getReader();
  await reader.read();
  const failedAt: number[] = [];
  const drained = (async () => {
    while (!(await reader.read()).done);
  })().catch((reason: unknown) => {
    failedAt.push(clock.now());
    throw reason;
  });
  const ended = Promise.allSettled([drained, stream]);
  return { failedAt, ended };
}

const unavailable = { status: "rejected", reason: expect.objectContaining({ code: "UNAVAILABLE" }) };

describe("a worker that nothing is said of", () => {
  test(
    "is dead 150 ms after its last message once it was terminated, and its calls fail then (X65)",
    async () => {
      const worker = startWorker();
      const { client, clock, statuses } = clientOf(mute(worker), false);
      expect(await client.request("add", { param: [1, 2] })).toBe(3);
      const { failedAt, ended } = await pouring(client, clock);
      await worker.terminate();
      await clock.advance(149);
      expect([client.status, failedAt]).toEqual(["connected", []]);
      await clock.advance(1);
      expect(await ended).toEqual([unavailable, unavailable]);
      expect([statuses.at(-1), failedAt]).toEqual(["150 ms closed", [150]]);
      await expect(client.request("add", { param: [1, 1] })).rejects.toMatchObject({ processed: "no" });
      await client.dispose();
      expect(clock.armedTimers).toBe(0);
    },
    startMs,
  );

  test(
    "is dead as soon where another is looked for, and its calls fail when the grace has passed (X65)",
    async () => {
      const worker = startWorker();
      let brought = 0;
      const bring = (): EmitterPort => {
        if (brought++ === 0) return mute(worker);
        throw new Error("there is no other worker");
      };
      const { client, clock, statuses } = clientOf(bring, { initial: 100, jitter: "none" });
      expect(await client.request("add", { param: [1, 2] })).toBe(3);
      const { failedAt, ended } = await pouring(client, clock);
      await worker.terminate();
      await clock.advance(149);
      expect(client.status).toBe("connected");
      await clock.advance(1);
      expect(statuses.at(-1)).toBe("150 ms reconnecting");
      await clock.advance(graceMs - 1);
      expect(failedAt).toEqual([]);
      await clock.advance(1);
      expect(await ended).toEqual([unavailable, unavailable]);
      expect([failedAt, client.status]).toEqual([[150 + graceMs], "reconnecting"]);
      expect(brought).toBeGreaterThan(2);
      await client.dispose();
      expect(clock.armedTimers).toBe(0);
    },
    startMs,
  );

  test(
    "lives while it answers, however long nobody calls it",
    async () => {
      const worker = startWorker();
      const { client, clock, statuses } = clientOf(mute(worker), false);
      expect(await client.request("add", { param: [1, 2] })).toBe(3);
      for (let beats = 0; beats < 20; beats++) {
        const answered = once(worker, "message");
        await clock.advance(50);
        await answered;
      }
      expect([statuses.at(-1), clock.now()]).toEqual(["0 ms connected", 1_000]);
      expect(await client.request("add", { param: [3, 4] })).toBe(7);
      await client.dispose();
      expect(clock.armedTimers).toBe(0);
    },
    startMs,
  );
});
