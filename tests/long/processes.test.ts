/** Processes that are killed or suspended, with the default times: servers and clients over Unix sockets. */
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Recovered } from "../children/faulted-client.ts";
import { NumberedLoad } from "../numbered-load.ts";
import { signal, withProcesses } from "../process-world.ts";
import { until } from "../world.ts";
import { expectBetween, faultRows, inSeconds, Moments } from "./full-length.ts";

const row = faultRows(
  "Processes that fail",
  "Servers and clients in processes of their own, over Unix sockets, with default times.",
  4,
);

test.concurrent(
  "X13 a server that is suspended for 20 s under load loses nothing, not even a link",
  () =>
    withProcesses({}, async ({ startServer, connect }) => {
      const child = await startServer();
      const client = connect();
      const statuses: string[] = [];
      const load = new NumberedLoad({ length: 20_000 });
      const running = load.run(client);
      await until(() => load.arrived > load.total / 4);
      client.on("status", (status) => void statuses.push(status));
      signal(child, "SIGSTOP");
      await pause(20_000);
      const arrived = load.arrived;
      signal(child, "SIGCONT");
      await running;
      expect(arrived).toBeLessThan(load.total);
      expect([load.arrived, statuses]).toEqual([load.total, []]);
      row({
        ids: "X13",
        fault: "SIGSTOP of the server for 20 s",
        wanted: "nothing fails, no link is lost",
        seen: `${load.total.toLocaleString("en-US")} numbers in order, ${load.answered.toLocaleString("en-US")} requests, each run once, 1 link`,
      });
    }),
  60_000,
);

test.concurrent(
  "X13 a server that is suspended for 40 s under load loses a link and nothing else",
  () =>
    withProcesses({}, async ({ startServer, connect }) => {
      const child = await startServer();
      const client = connect();
      const moments = new Moments();
      const load = new NumberedLoad({ length: 20_000 });
      const running = load.run(client);
      await until(() => load.arrived > load.total / 4);
      moments.note("stopped");
      signal(child, "SIGSTOP");
      client.on("status", (status) => moments.note(status));
      await pause(40_000);
      const noticed = moments.between("stopped", "reconnecting");
      const arrived = load.arrived;
      moments.note("goes on");
      signal(child, "SIGCONT");
      await running;
      expect(arrived).toBeLessThan(load.total);
      expect(load.arrived).toBe(load.total);
      const events = (await child.ask("events")) as string[];
      expect(events.filter((event) => /^(connected|disconnected|aborted)/.test(event))).toEqual([
        "connected",
      ]);
      // From the last byte on, which came a moment before.
      expectBetween(noticed, 29.5, 31);
      row({
        ids: "X13",
        fault: "SIGSTOP of the server for 40 s",
        wanted: "the link is given up after 30 s, at most 31; nothing else is lost",
        seen: `given up after ${inSeconds(noticed)}, back ${inSeconds(moments.between("goes on", "connected"))} after SIGCONT; ${load.total.toLocaleString("en-US")} numbers in order, ${load.answered.toLocaleString("en-US")} requests, each run once`,
      });
    }),
  90_000,
);

test.concurrent(
  "X11 a client that is killed: its handlers are told 30 s later",
  () =>
    withProcesses({}, async ({ serve, startClient }) => {
      const moments = new Moments();
      let told = 0;
      const server = await serve({
        aborted(reason) {
          moments.note(`${reason}`);
          if (++told === 5) moments.note("all are told");
        },
      });
      server.on("detached", () => moments.note("detached"));
      const child = await startClient(5);
      await until(() => server.connections[0]?.runningHandlers === 5);
      const [connection] = server.connections;
      moments.note("killed");
      await child.kill();
      await moments.when("detached", 5);
      await moments.when("all are told", 40);
      const first = moments.between("killed", "disconnected");
      const last = moments.between("killed", "all are told");
      await until(() => connection?.runningHandlers === 0);
      expect([connection?.openCalls, server.connections]).toEqual([0, []]);
      for (const seconds of [first, last]) expectBetween(seconds, 30, 31);
      row({
        ids: "X11",
        fault: "`kill -9` of the client during 5 calls",
        wanted: "signals abort after 30 to 31 s, not before",
        seen: `first after ${inSeconds(first)}, last after ${inSeconds(last)}; then no session, no call, no handler`,
      });
    }),
  60_000,
);

test.concurrent(
  "X27 a client that sleeps for longer than a minute learns of its loss when it wakes, and goes on at once",
  () =>
    withProcesses({}, async ({ serve, startClient }) => {
      const moments = new Moments();
      let running = 0;
      const server = await serve({
        ran() {
          if (++running === 3) moments.note("last heard");
        },
      });
      server.on("disconnected", () => moments.note("disconnected"));
      const child = await startClient(3);
      await until(() => server.connections[0]?.runningHandlers === 3);
      const timers = (await child.ask("timers")) as number;
      moments.note("stopped");
      signal(child, "SIGSTOP");
      // Silence of 30 s, then the grace.
      await moments.when("disconnected", 70);
      const lost = moments.between("stopped", "disconnected");
      moments.note("woke");
      signal(child, "SIGCONT");
      const { outcomes, timers: fired } = (await child.message()) as Recovered;
      moments.note("recovered");
      const seconds = moments.between("woke", "recovered");
      expect(outcomes).toEqual(Array.from({ length: 3 }, () => "UNAVAILABLE maybe SESSION_LOST"));
      // Silence begins with the last byte that came.
      expectBetween(moments.between("last heard", "disconnected"), 60, 65);
      expect(lost).toBeLessThan(62);
      expect(seconds).toBeLessThan(2);
      expect(fired - timers).toBeLessThan(15);
      row({
        ids: "X27",
        fault: "SIGSTOP of the client until its session is over",
        wanted:
          "the server gives it up after 60 s (silence, then the grace); awake, the client has a new session within 2 s",
        seen: `given up after ${inSeconds(lost)}; its calls had failed (SESSION_LOST) and a new session was there ${inSeconds(seconds)} after SIGCONT, ${fired - timers} timers fired`,
      });
    }),
  110_000,
);
