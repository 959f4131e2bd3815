/** Links that break, fall silent, come and go or are slow, with the default times: how soon it is noticed, and what is lost. */
import { setTimeout as pause } from "node:timers/promises";
import type { Client, ClientOptions } from "@sluice/client";
import type { FaultProxyOptions } from "@sluice/protocol/testing";
import { faultProxy, type SocketFaultProxy } from "@sluice/protocol/testing/node";
import type { Server } from "@sluice/server";
import { expect, test } from "vitest";
import type { Faulted } from "../children/faulted-service.ts";
import { NumberedLoad } from "../numbered-load.ts";
import { withProcesses } from "../process-world.ts";
import { until } from "../world.ts";
import { expectBetween, faultRows, inSeconds, Moments } from "./full-length.ts";

const row = faultRows(
  "Links that fail",
  "Servers, clients and the proxies between them over TCP, in one process, with default options but for `reconnect` where a row says so.",
  7,
);

interface World {
  readonly server: Server<Faulted, undefined>;
  readonly proxy: SocketFaultProxy;
  readonly client: Client<Faulted>;
  /** What server and client are told, by name; `aborted` and `ran` of handlers of `wait`. */
  readonly moments: Moments;
  /** How often handlers of `wait` ran. */
  readonly runs: () => number;
}

/** 30 s from the last byte, which came a moment before the silence was made. */
const justBefore = 29.5;

/** A client that reaches its server through a proxy, all with default times. */
function inWorld(
  faults: FaultProxyOptions,
  options: Partial<ClientOptions<Faulted>>,
  body: (world: World) => Promise<void>,
): Promise<void> {
  return withProcesses({}, async ({ serve, connect }) => {
    const moments = new Moments();
    let runs = 0;
    const server = await serve({
      ran: (procedure) => {
        if (procedure !== "wait") return;
        runs++;
        moments.note("ran");
      },
      aborted: (reason) => moments.note(`aborted ${reason}`),
    });
    for (const name of ["detached", "resumed", "disconnected"] as const) {
      server.on(name, () => moments.note(name));
    }
    const [address = ""] = await server.listen("tcp://127.0.0.1:0");
    const proxy = await faultProxy("tcp://127.0.0.1:0", address, faults);
    const client = connect([proxy.address], { reconnect: {}, ...options });
    await client.ready;
    client.on("status", (status) => moments.note(status));
    try {
      await body({ server, proxy, client, moments, runs: () => runs });
    } finally {
      await client.dispose();
      await proxy.close();
    }
  });
}

/** A call that runs until it is told to end, and whose end is noted. */
async function waitingCall({ client, moments }: World): Promise<AbortController> {
  const controller = new AbortController();
  client.request("wait", { param: 1, signal: controller.signal }).then(
    () => moments.note("call ended"),
    ({ code, processed, cause }) => moments.note(`call failed: ${code} ${processed} ${cause?.code}`),
  );
  await moments.when("ran", 10);
  return controller;
}

test.concurrent(
  "X3 a link that brings nothing any more is noticed at both ends after 30 s, and its call goes on over the next one",
  () =>
    inWorld({}, {}, async (world) => {
      const { client, proxy, moments, runs } = world;
      const controller = await waitingCall(world);
      await client.ping();
      moments.note("silence");
      for (const connection of proxy.connections) connection.blackhole("both", "swallow");
      await Promise.all([moments.when("reconnecting", 40), moments.when("detached", 40)]);
      const [atClient, atServer] = [
        moments.between("silence", "reconnecting"),
        moments.between("silence", "detached"),
      ];
      await moments.when("resumed", 10);
      await new NumberedLoad({ length: 1_000 }).run(client);
      expect([runs(), moments.has("aborted disconnected")]).toEqual([1, false]);
      controller.abort();
      for (const seconds of [atClient, atServer]) expectBetween(seconds, justBefore, 31);
      row({
        ids: "X3",
        fault: "both ways swallow everything",
        wanted: "noticed after 30 s, at most 31; the call goes on",
        seen: `client after ${inSeconds(atClient)}, server after ${inSeconds(atServer)}; back ${inSeconds(moments.between("silence", "resumed"))} after it began, the handler ran once`,
      });
    }),
  60_000,
);

test.concurrent.each(["toServer", "toClient"] as const)(
  "X4 a link that brings nothing in one direction (%s) is noticed after 30 s by who hears nothing",
  (way) =>
    inWorld({}, {}, async (world) => {
      const { client, proxy, moments, runs } = world;
      const controller = await waitingCall(world);
      await client.ping();
      moments.note("silence");
      for (const connection of proxy.connections) connection.blackhole(way, "swallow");
      const deaf = way === "toServer" ? "detached" : "reconnecting";
      await moments.when(deaf, 40);
      const seconds = moments.between("silence", deaf);
      await Promise.all([moments.when("reconnecting", 40), moments.when("resumed", 40)]);
      await new NumberedLoad({ length: 1_000 }).run(client);
      expect([runs(), moments.has("aborted disconnected")]).toEqual([1, false]);
      controller.abort();
      expectBetween(seconds, justBefore, 31);
      row({
        ids: "X4",
        fault: `the way ${way === "toServer" ? "to the server" : "to the client"} swallows everything`,
        wanted: "noticed after 30 s, at most 31; the call goes on",
        seen: `${way === "toServer" ? "server" : "client"} after ${inSeconds(seconds)}; back ${inSeconds(moments.between("silence", "resumed"))} after it began, the handler ran once`,
      });
    }),
  100_000,
);

const reconnect = { initial: 100, max: 250 };

test.concurrent(
  "X16 a link that is lost for 29 s loses nothing",
  () =>
    inWorld({}, { reconnect }, async (world) => {
      const { client, proxy, moments, runs } = world;
      const controller = await waitingCall(world);
      const load = new NumberedLoad({ length: 20_000 });
      const running = load.run(client);
      await until(() => load.arrived > load.total / 4);
      moments.note("lost");
      proxy.down();
      await pause(29_000);
      expect([moments.has("aborted disconnected"), moments.has("disconnected")]).toEqual([false, false]);
      proxy.heal();
      await moments.when("resumed", 5);
      await running;
      // As long again: what was found is not lost by what was armed before.
      await pause(10_000);
      expect([runs(), moments.has("aborted disconnected"), load.arrived]).toEqual([1, false, load.total]);
      expect(moments.has("disconnected")).toBe(false);
      controller.abort();
      row({
        ids: "X16",
        fault: "no way through for 29 s (`reconnect` of at most 250 ms)",
        wanted: "every call goes on",
        seen: `back after ${inSeconds(moments.between("lost", "resumed"))}, ${load.total.toLocaleString("en-US")} numbers in order, the handler ran once`,
      });
    }),
  80_000,
);

test.concurrent(
  "X11 X16 a link that is lost for 31 s ends its calls at both ends after 30 s, and there is a new session after it",
  () =>
    inWorld({}, { reconnect }, async (world) => {
      const { client, proxy, moments } = world;
      await waitingCall(world);
      moments.note("lost");
      proxy.down();
      const failed = "call failed: UNAVAILABLE maybe SESSION_LOST";
      await Promise.all([moments.when(failed, 35), moments.when("aborted disconnected", 35)]);
      await pause(31_000 - 1_000 * moments.between("lost", failed));
      proxy.heal();
      await client.ready;
      await new NumberedLoad({ length: 1_000 }).run(client);
      expect([moments.has("resumed"), moments.has("disconnected")]).toEqual([false, true]);
      const [atClient, atServer] = [
        moments.between("lost", failed),
        moments.between("lost", "aborted disconnected"),
      ];
      for (const seconds of [atClient, atServer]) expectBetween(seconds, 30, 31);
      row({
        ids: "X16",
        fault: "no way through for 31 s",
        wanted: "calls end after 30 to 31 s, at both ends",
        seen: `caller after ${inSeconds(atClient)} (UNAVAILABLE, maybe, SESSION_LOST), handler after ${inSeconds(atServer)}; then a new session`,
      });
    }),
  80_000,
);

/** Echoes numbers until `isOver()`, and gives how many came back; fails if one is lost, doubled or out of order. */
async function echoUntil(client: Client<Faulted>, isOver: () => boolean): Promise<number> {
  const channel = client.channel("echo");
  const sending = (async () => {
    const writer = channel.writable.getWriter();
    let sent = 0;
    while (!isOver()) await writer.write(++sent);
    await writer.close();
    return sent;
  })();
  let last = 0;
  for await (const n of channel) {
    if (n !== last + 1) throw new Error(`${n} came after ${last}`);
    last = n;
  }
  expect([last, await channel]).toEqual([await sending, last]);
  return last;
}

test.concurrent(
  "X5 a slow link lives on: 10 kB/s and 500 ± 200 ms each way, full for four minutes",
  () =>
    inWorld(
      { faults: { both: { bytesPerSecond: 10_000, delayMs: 500, jitterMs: 200 } } },
      {},
      async ({ client, proxy, moments }) => {
        const minutes = 4;
        let isOver = false;
        const loads = [echoUntil(client, () => isOver), echoUntil(client, () => isOver)];
        let slowest = 0;
        const endsAt = performance.now() + 60_000 * minutes;
        while (performance.now() < endsAt) {
          slowest = Math.max(slowest, await client.ping({ timeout: 30_000 }));
          await pause(5_000);
        }
        isOver = true;
        const counts = await Promise.all(loads);
        expect([proxy.accepted, moments.has("reconnecting"), moments.has("detached")]).toEqual([
          1,
          false,
          false,
        ]);
        // Ten seconds each way behind what is under way.
        expect(slowest).toBeLessThan(20_000);
        const count = counts.reduce((one, two) => one + two);
        row({
          ids: "X5",
          fault: `10 kB/s and 500 ± 200 ms each way, full for ${minutes} min`,
          wanted: "no link is given up; a sign of life takes at most 20 s",
          seen: `${count.toLocaleString("en-US")} numbers there and back in order, 1 link; slowest sign of life ${inSeconds(slowest / 1_000)}`,
        });
      },
    ),
  330_000,
);

test.concurrent(
  "X7 a link that is up for 700 ms and down for 300 ms, for five minutes, loses nothing and is not stormed",
  () =>
    inWorld({}, {}, async ({ client, proxy, moments }) => {
      const minutes = 5;
      // What a number costs where nothing breaks.
      const calm = await echoUntil(client, numberOfTimes(20_000));
      const calmBytes = { ...proxy.bytes };
      let isOver = false;
      const load = echoUntil(client, () => isOver);
      let flaps = 0;
      const endsAt = performance.now() + 60_000 * minutes;
      while (performance.now() < endsAt) {
        await pause(700);
        proxy.down();
        flaps++;
        await pause(300);
        proxy.heal();
      }
      isOver = true;
      const count = await load;
      const attempts = proxy.accepted + proxy.refused - 1;
      expect(flaps).toBeGreaterThan(50 * minutes);
      expect(attempts).toBeLessThanOrEqual(flaps);
      expect(moments.has("disconnected")).toBe(false);
      const shares = (["toServer", "toClient"] as const).map((way) => {
        const perNumber = (proxy.bytes[way] - calmBytes[way]) / count;
        return perNumber / (calmBytes[way] / calm);
      });
      for (const share of shares) expect(share).toBeLessThan(3);
      row({
        ids: "X7",
        fault: `up for 700 ms, down for 300 ms, for ${minutes} min`,
        wanted: "nothing is lost; at most one attempt each time; at most 3 times the bytes",
        seen: `${count.toLocaleString("en-US")} numbers there and back in order over ${flaps} breaks, ${attempts} attempts, ${Math.max(...shares).toFixed(2)} times the bytes of a calm link`,
      });
    }),
  400_000,
);

/** Says `true` from the time after `count` on. */
function numberOfTimes(count: number): () => boolean {
  let asked = 0;
  return () => ++asked > count;
}
