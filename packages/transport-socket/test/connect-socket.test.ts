/** Connecting: refusals, silence, second thoughts, and no error that nobody hears. */
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { join } from "node:path";
import { FakeClock } from "@sluice/protocol/testing";
import { finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { listenSocket } from "@sluice/transport-socket";
import { expect, onTestFinished, test } from "vitest";
import { connectSocket } from "../src/connect-socket.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A TCP port whose owner has been stopped, and whose backlog is full: who connects waits. */
async function silentPort(): Promise<number> {
  const child = inChild(new URL("./children/full-backlog.mjs", import.meta.url), { execArgv: [] });
  onTestFinished(async () => {
    process.kill(child.pid as number, "SIGCONT");
    await child.kill();
  });
  const port = (await child.message()) as number;
  process.kill(child.pid as number, "SIGSTOP");
  const clock = new FakeClock();
  const waiting = new Set<number>();
  // The system completes a few connections before it lets the next ones wait.
  for (let at = 0; at < 8; at++) {
    waiting.add(at);
    connectSocket({ host: "127.0.0.1", port }, "a stopped server", { clock }).then(
      (socket) => {
        waiting.delete(at);
        onTestFinished(() => void socket.destroy());
      },
      () => {},
    );
  }
  onTestFinished(() => clock.advance(10_000));
  let last = -1;
  for (let still = 0; still < 200; still = waiting.size === last ? still + 1 : 0) {
    last = waiting.size;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(waiting.size).toBeGreaterThan(0);
  return port;
}

test("nobody there is UNAVAILABLE, and nothing was processed", async () => {
  const folder = temporaryFolder();
  const listener = listenSocket({ port: 0 });
  const port = Number((await listener.listen(() => {})).split(":").at(-1));
  await listener.close();
  const refused = connectSocket({ host: "127.0.0.1", port }, `tcp://127.0.0.1:${port}`);
  await expect(refused).rejects.toMatchObject({
    code: "UNAVAILABLE",
    processed: "no",
    message: `Cannot connect to tcp://127.0.0.1:${port}: ECONNREFUSED`,
    cause: { code: "ECONNREFUSED" },
  });
  const missing = connectSocket({ path: join(folder, "missing.sock") }, "unix:missing.sock");
  await expect(missing).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringContaining("ENOENT"),
  });
});

test("silence is UNAVAILABLE after connectTimeout, and not before", async () => {
  const port = await silentPort();
  const clock = new FakeClock();
  let outcome: unknown;
  connectSocket({ host: "127.0.0.1", port }, "silence", { clock, connectTimeout: 700 }).catch(
    (reason: unknown) => {
      outcome = reason;
    },
  );
  await clock.advance(699);
  expect(outcome).toBeUndefined();
  await clock.advance(1);
  expect(outcome).toMatchObject({
    code: "UNAVAILABLE",
    processed: "no",
    message: "Cannot connect to silence: no answer within 700 ms",
  });
  expect(clock.armedTimers).toBe(0);
});

test("second thoughts while connecting are CANCELLED, and leave no listener, timer or socket", async () => {
  const port = await silentPort();
  const clock = new FakeClock();
  const controller = new AbortController();
  const { signal } = controller;
  await finishesCleanly(
    async () => {
      const connecting = connectSocket({ host: "127.0.0.1", port }, "silence", { clock, signal });
      expect(getEventListeners(signal, "abort").length).toBe(1);
      controller.abort();
      await expect(connecting).rejects.toMatchObject({ code: "CANCELLED", processed: "no" });
    },
    {
      counters: {
        timers: () => clock.armedTimers,
        listeners: () => getEventListeners(signal, "abort").length,
      },
    },
  );
  const beforehand = connectSocket({ host: "127.0.0.1", port }, "silence", { clock, signal });
  await expect(beforehand).rejects.toMatchObject({ code: "CANCELLED", processed: "no" });
});

test("a connection leaves no listener on the signal and no timer, and its errors are heard", async () => {
  const path = join(temporaryFolder(), "app.sock");
  const listener = listenSocket({ path });
  await listener.listen((link) => link.destroy());
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const socket: Socket = await connectSocket({ path }, "app", { clock, signal });
  expect([getEventListeners(signal, "abort").length, clock.armedTimers]).toEqual([0, 0]);
  expect(socket.listenerCount("error")).toBeGreaterThan(0);
  socket.destroy(new Error("nobody else hears this"));
  await new Promise((resolve) => socket.once("close", resolve));
  await listener.close();
});
