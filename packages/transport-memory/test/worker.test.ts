/** A server in a worker thread: calls, flow control, large byte strings, and a worker that is gone. */
import { once } from "node:events";
import { join } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { Client } from "@sluice/client";
import { finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { type EmitterPort, messagePortTransport } from "@sluice/transport-memory";
import { afterEach, describe, expect, inject, test } from "vitest";
import { type Gate, workerProtocol } from "./children/worker-protocol.ts";

const servingWorker = join(inject("programs"), "packages/transport-memory/test/children/serving-worker.mjs");
const workerProgram = join(inject("programs"), "packages/transport-memory/test/children/worker-program.mjs");
const limits = { maxMessage: 15 * 1024 * 1024, maxBuffered: 32 * 1024 * 1024 };
const startMs = 20_000;

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

function startWorker(gate?: Gate): Worker {
  const worker = new Worker(servingWorker, {
    workerData: gate,
    transferList: gate === undefined ? [] : [gate.port],
  });
  workers.push(worker);
  return worker;
}

function clientOf(port: Worker | MessagePort | EmitterPort): Client<typeof workerProtocol> {
  const transport = messagePortTransport(port);
  return new Client({ protocol: workerProtocol, transport, limits, reconnect: false });
}

/** `worker` as a port that counts what comes out of it. */
function counted(worker: Worker): { port: EmitterPort; items: () => number } {
  let items = 0;
  const count = (batch: { frames: { type: number }[] }): void => {
    for (const { type } of batch.frames) if (type === 5) items++;
  };
  worker.on("message", count);
  return { port: worker, items: () => items };
}

describe("a worker that serves", () => {
  test(
    "answers requests, and sends byte strings of 14 MiB both ways, which stay their owners'",
    async () => {
      const client = clientOf(startWorker());
      expect(await client.request("add", { param: [1, 2] })).toBe(3);
      const bytes = new Uint8Array(14 * 1024 * 1024).fill(1);
      expect(await client.request("sum", { param: bytes })).toBe(bytes.length);
      const echo = await client.request("echo", { param: bytes });
      expect([echo.length, bytes.length, echo[0], bytes[0]]).toEqual([bytes.length, bytes.length, 1, 1]);
      expect(echo.buffer).not.toBe(bytes.buffer);
      await client.dispose();
    },
    startMs,
  );

  test(
    "stops at the window of a stream that nobody reads, and goes on when somebody does",
    async () => {
      const { port, items } = counted(startWorker());
      const client = clientOf(port);
      const stream = client.stream("pour", { param: 500 });
      const reader = stream.readable.getReader();
      expect((await reader.read()).value?.n).toBe(0);
      // Requests on the same link go on, and show when nothing moves any more.
      const still = async (): Promise<number> => {
        for (let last = -1; ; ) {
          const poured = await client.request("poured");
          if (poured === last) return poured;
          last = poured;
        }
      };
      const poured = await still();
      // An item counts 64 + 256 + 2 × the length of its text and keys + 16 for its member.
      const itemBytes = 64 + 256 + 2 * (1_000 + 5) + 16;
      expect(poured).toBeGreaterThan(10);
      expect(items() * itemBytes).toBeLessThanOrEqual(65_536 + itemBytes);
      expect(await still()).toBe(poured);
      let read = 1;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        expect(value.n).toBe(read++);
      }
      expect([read, await stream]).toEqual([500, 500]);
      await client.dispose();
    },
    startMs,
  );

  test(
    "is not flooded while its thread is busy: the port holds 64 KiB and a message",
    async () => {
      const open = new Int32Array(new SharedArrayBuffer(4));
      const { port1, port2 } = new MessageChannel();
      const worker = startWorker({ open, port: port2 });
      let posted = 0;
      const port: EmitterPort = {
        postMessage(message, transfer) {
          const { frames } = message as { frames: { total?: number; more?: boolean }[] };
          for (const { total = 0, more } of frames) posted += 64 + (more === true ? 0 : total);
          worker.postMessage(message, transfer);
        },
        on: (name, listener) => worker.on(name, listener),
        off: (name, listener) => worker.off(name, listener),
      };
      const client = clientOf(port);
      expect(await client.request("add", { param: [1, 1] })).toBe(2);
      const blocking = client.event("block");
      await once(port1, "message");
      const before = posted;
      const calls = Array.from({ length: 200 }, () =>
        client.request("sum", { param: new Uint8Array(10_000) }),
      );
      // The other thread takes nothing: after this turn everything has gone that may.
      await new Promise((resolve) => setImmediate(resolve));
      expect(posted - before).toBeGreaterThan(0);
      expect(posted - before).toBeLessThanOrEqual(65_536 + 64 + 10_256);
      Atomics.store(open, 0, 1);
      Atomics.notify(open, 0);
      expect(await Promise.all(calls)).toEqual(new Array(200).fill(0));
      await blocking;
      port1.close();
      await client.dispose();
    },
    startMs,
  );

  test(
    "that is terminated in the middle of a stream is UNAVAILABLE, and so is all that comes after (REL-X65)",
    async () => {
      const worker = startWorker();
      const client = clientOf(worker);
      const stream = client.stream("pour", { param: 1_000_000 });
      const reader = stream.readable.getReader();
      await reader.read();
      await worker.terminate();
      const startedAt = performance.now();
      const draining = (async () => {
        while (!(await reader.read()).done);
      })();
      await expect(draining).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
      await expect(stream).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      await expect(client.request("add", { param: [1, 1] })).rejects.toMatchObject({ processed: "no" });
      await client.dispose();
    },
    startMs,
  );

  test(
    "that fails to start is told with its reason, and does not take this process along",
    async () => {
      const worker = new Worker("throw new TypeError('broken at birth')", { eval: true });
      workers.push(worker);
      const client = clientOf(worker);
      await expect(client.ready).rejects.toMatchObject({
        code: "UNAVAILABLE",
        processed: "no",
        message: expect.stringContaining("broken at birth"),
      });
      await client.dispose();

      const another = new Worker("throw new TypeError('broken again')", { eval: true });
      workers.push(another);
      // To connect again is of no use on the same port: the client gives up, and says why it has to.
      const patient = new Client({ protocol: workerProtocol, transport: messagePortTransport(another) });
      await expect(patient.ready).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining("broken again"),
      });
      expect(patient.status).toBe("closed");
      await patient.dispose();
    },
    startMs,
  );

  test(
    "that is brought anew by a function is there again after its end",
    async () => {
      let worker = startWorker();
      const client = new Client({
        protocol: workerProtocol,
        transport: messagePortTransport(() => {
          worker = startWorker();
          return worker;
        }),
        reconnect: { initial: 1 },
      });
      expect(await client.request("add", { param: [1, 2] })).toBe(3);
      const again = new Promise<void>((resolve) => {
        client.on("status", (status) => {
          if (status === "connected") resolve();
        });
      });
      await worker.terminate();
      await again;
      expect(await client.request("add", { param: [3, 4] })).toBe(7);
      await client.dispose();
    },
    2 * startMs,
  );

  test(
    "leaves no listener, handle or thread when its client is disposed",
    () =>
      finishesCleanly(
        async () => {
          const worker = startWorker();
          const exited = new Promise<number>((resolve) => worker.once("exit", resolve));
          const client = clientOf(worker);
          await client.request("add", { param: [1, 2] });
          await client.dispose();
          // Nothing keeps the worker: it ends by itself.
          expect(await exited).toBe(0);
          for (const name of ["message", "messageerror", "error", "exit", "close"]) {
            expect(worker.listenerCount(name)).toBe(0);
          }
        },
        { settleMs: 5_000 },
      ),
    startMs,
  );
});

test(
  "a program that disposes of its client ends by itself, and its worker with it",
  async () => {
    const child = inChild(workerProgram, { execArgv: [], args: [servingWorker] });
    child.disconnect();
    const { code, stdout, stderr } = await child.end();
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n").sort()).toEqual(["3", "disposed", "worker exits with 0"]);
    expect(code).toBe(0);
  },
  2 * startMs,
);
