/** Processes that are killed or suspended: servers and clients, over Unix sockets, with times that a test can wait for. */
import { readFileSync } from "node:fs";
import { faultProxy } from "@sluice/protocol/testing/node";
import type { ServerConnection } from "@sluice/server";
import { describe, expect, test } from "vitest";
import type { Recovered } from "./children/faulted-client.ts";
import { NumberedLoad } from "./numbered-load.ts";
import { inProcessWorld, signal, tuned } from "./process-world.ts";
import { gate, until } from "./world.ts";

describe("a client whose process is killed", () => {
  test("X11 tells its handlers when the grace has passed, and not before; slots are free once they settle", () =>
    inProcessWorld(tuned, async ({ serve, startClient, connect }) => {
      const calls = 5;
      const settling = gate();
      const told: { reason: unknown; at: number }[] = [];
      const server = await serve({
        aborted(reason) {
          told.push({ reason, at: performance.now() });
          return settling.promise;
        },
      });
      const events: string[] = [];
      const at = new Map<string, number>();
      for (const name of ["connected", "detached", "resumed", "disconnected"] as const) {
        server.on(name, ({ connection: { peer } }) => {
          events.push(`${peer} ${name}`);
          at.set(`${peer} ${name}`, performance.now());
        });
      }
      const child = await startClient(calls, { name: "killed" });
      await until(() => server.connections[0]?.runningHandlers === calls, "its calls run");
      const [connection] = server.connections as [ServerConnection];
      const other = connect([], { name: "other" });
      expect(await other.request("place", { param: 1 })).toBe(1);

      await child.kill();
      await until(() => at.has("killed detached"), "the loss is noticed");
      expect([told, connection.runningHandlers, server.connections.map(({ peer }) => peer)]).toEqual([
        [],
        calls,
        ["other"],
      ]);
      expect(await other.request("place", { param: 2 })).toBe(1);

      await until(() => told.length === calls, "the grace has passed");
      const detachedAt = at.get("killed detached") as number;
      for (const { reason, at: toldAt } of told) {
        expect(reason).toBe("disconnected");
        // Timers may be early by less than a millisecond.
        expect(toldAt - detachedAt).toBeGreaterThan(tuned.graceMs - 1);
        expect(toldAt - detachedAt).toBeLessThan(tuned.graceMs + 1_000);
      }
      expect(events).toEqual([
        "killed connected",
        "other connected",
        "killed detached",
        "killed disconnected",
      ]);
      // Its session is over, and its handlers hold their slots until they settle.
      expect([connection.openCalls, connection.runningHandlers]).toEqual([0, calls]);
      settling.open();
      await until(() => connection.runningHandlers === 0, "the slots are free");
      expect(await other.request("place", { param: 3 })).toBe(1);
    }));
});

describe("a server whose process is suspended", () => {
  /** Of small windows, so that little is on its way: what is silent is silent at once. */
  const limits = { window: 2_048, maxWindow: 2_048 };

  test("X13 for less than `deadAfter`, under load, loses nothing, not even a link", () =>
    inProcessWorld(tuned, async ({ path, startServer, connect }) => {
      const child = await startServer({ limits });
      const proxy = await faultProxy(`unix:${path("proxy")}`, `unix:${path()}`);
      const client = connect([proxy.address], { limits });
      const statuses: string[] = [];
      const load = new NumberedLoad({ length: 1_500 });
      const running = load.run(client);
      await until(() => load.arrived > load.total / 4);
      client.on("status", (status) => void statuses.push(status));

      // Its client has nothing to say any more when it asks for a sign of life.
      const asked = gate();
      const stoppedAt = performance.now();
      proxy.on("passed", ({ way }) => {
        if (way === "toServer" && performance.now() - stoppedAt > 0.9 * tuned.heartbeat) asked.open();
      });
      signal(child, "SIGSTOP");
      await asked.promise;
      const before = load.arrived;
      signal(child, "SIGCONT");
      await running;
      expect(before).toBeLessThan(load.total);
      expect([load.arrived, statuses, proxy.accepted]).toEqual([load.total, [], 1]);
      await proxy.close();
    }));

  test("X13 for longer than `deadAfter`, under load, loses a link and nothing else", () =>
    inProcessWorld(tuned, async ({ path, startServer, connect }) => {
      const child = await startServer({ limits, graceMs: 10_000 });
      const proxy = await faultProxy(`unix:${path("proxy")}`, `unix:${path()}`);
      const client = connect([proxy.address], { limits });
      const load = new NumberedLoad({ length: 1_500 });
      const running = load.run(client);
      await until(() => load.arrived > load.total / 4);
      const before = proxy.accepted;
      signal(child, "SIGSTOP");
      await until(() => client.status === "reconnecting", "the silence is noticed");
      // A HELLO or two that nobody answers: they are waiting when the process goes on.
      await until(() => proxy.accepted >= before + 2, "another link is tried again");
      const arrived = load.arrived;
      signal(child, "SIGCONT");
      await running;
      expect(arrived).toBeLessThan(load.total);
      expect(load.arrived).toBe(load.total);
      const events = (await child.ask("events")) as string[];
      expect(events.filter((event) => event === "connected")).toHaveLength(1);
      expect(events.filter((event) => /disconnected|aborted/.test(event))).toEqual([]);
      expect(events.at(-1)).toBe("resumed");
      await proxy.close();
    }));

  test("X13 for longer than the grace: calls fail and say so, what came is a prefix, and a new session is there at once", () =>
    inProcessWorld(tuned, async ({ startServer, connect }) => {
      const child = await startServer({ limits });
      const client = connect([], { limits, retry: false });
      const load = new NumberedLoad({ length: 100_000, streams: 0 });
      const outcome = load.run(client).catch((error: unknown) => error);
      await until(() => load.arrived > 1_000);
      signal(child, "SIGSTOP");
      expect(await outcome).toMatchObject({
        code: "UNAVAILABLE",
        processed: "maybe",
        cause: { code: "SESSION_LOST" },
      });
      expect(client.status).toBe("reconnecting");
      const goesOnAt = performance.now();
      signal(child, "SIGCONT");
      await client.ready;
      // Far less than a grace; tests/long says how long it takes.
      expect(performance.now() - goesOnAt).toBeLessThan(10_000);
      await new NumberedLoad({ length: 100 }).run(client);
    }));
});

describe("a client whose process is suspended", () => {
  test("X27 beyond the grace learns when it wakes that its session is lost, and has a new one within 2 s; no timer catches up", () =>
    inProcessWorld(tuned, async ({ serve, startClient }) => {
      const reasons: unknown[] = [];
      const server = await serve({ aborted: (reason) => void reasons.push(reason) });
      const events: string[] = [];
      for (const name of ["connected", "detached", "resumed", "disconnected"] as const) {
        server.on(name, () => void events.push(name));
      }
      // A sign of life every 20 ms would be a hundred of them in the time that it sleeps.
      const child = await startClient(3, { heartbeat: 20, handshakeTimeout: 5_000 });
      await until(() => server.connections[0]?.runningHandlers === 3);
      const timers = (await child.ask("timers")) as number;
      signal(child, "SIGSTOP");
      await until(() => events.includes("disconnected"), "the grace has passed");
      expect([events, reasons]).toEqual([
        ["connected", "detached", "disconnected"],
        ["disconnected", "disconnected", "disconnected"],
      ]);

      const wokeAt = performance.now();
      signal(child, "SIGCONT");
      const recovered = (await child.message()) as Recovered;
      expect(performance.now() - wokeAt).toBeLessThan(10_000);
      expect(recovered.outcomes).toEqual(Array.from({ length: 3 }, () => "UNAVAILABLE maybe SESSION_LOST"));
      expect(recovered.statuses).toEqual(["connecting", "connected", "reconnecting", "connected"]);
      expect(recovered.timers - timers).toBeLessThan(30);
      expect(events).toEqual(["connected", "detached", "disconnected", "connected"]);
      expect(server.connections.map(({ openCalls }) => openCalls)).toEqual([0]);
    }));
});

describe("a server whose process is killed under load, and started again", () => {
  interface Run {
    readonly process: string;
    readonly call: string;
  }

  function runsIn(file: string): Run[] {
    const lines = readFileSync(file, "utf8").trim().split("\n");
    return lines.map((line) => {
      const [process = "", ...call] = line.split(" ");
      return { process, call: call.join(" ") };
    });
  }

  const atOnce = 8;
  const waits = 3;
  const kills = 3;
  const limits = { maxConcurrentHandlers: atOnce + waits };

  /** How a call has ended, when, and after how many kills. */
  interface Outcome {
    readonly call: string;
    readonly error: unknown;
    readonly at: number;
    readonly killed: number;
  }

  /** Makes calls all the time, through all kills. Gives how they ended, which of them were made while there was no server, and who ran what. */
  async function throughKills(retry: boolean) {
    const outcomes: Outcome[] = [];
    const unsent: string[] = [];
    const connectedAt: number[] = [];
    let runs: Run[] = [];
    await inProcessWorld(tuned, async ({ path, startServer, connect }) => {
      const file = path("runs");
      const client = connect([], { limits, ...(retry ? {} : { retry: false }) });
      client.on("status", (status) => {
        if (status === "connected") connectedAt.push(performance.now());
      });
      let made = 0;
      let killed = 0;
      const pending = new Set<Promise<void>>();
      const call = (procedure: "place" | "wait"): string => {
        const name = `${procedure} ${++made}`;
        const ended = (error?: unknown): void => {
          outcomes.push({ call: name, error, at: performance.now(), killed });
          pending.delete(outcome);
        };
        const outcome: Promise<void> = client.request(procedure, { param: made }).then(() => ended(), ended);
        pending.add(outcome);
        return name;
      };
      let isOver = false;
      const loading = (async () => {
        while (!isOver) {
          while (pending.size < 4 * atOnce) call("place");
          await Promise.race(pending);
        }
      })();

      try {
        while (killed < kills) {
          const child = await startServer({ limits }, file);
          const waiting = Array.from({ length: waits }, () => call("wait"));
          const answered = outcomes.length;
          await until(() => outcomes.length > answered + 100, "calls are answered");
          await until(() => {
            const begun = new Set(runsIn(file).map((run) => run.call));
            return waiting.every((one) => begun.has(one));
          }, "those that do not end have begun");
          await child.kill();
          killed++;
          await until(() => client.status === "reconnecting", "the loss is noticed");
          for (let n = 0; n < 20; n++) unsent.push(call("place"));
        }
        await startServer({ limits }, file);
      } finally {
        isOver = true;
      }
      await loading;
      await until(() => pending.size === 0, "every call has ended");
      runs = runsIn(file);
    });
    return { outcomes, unsent, connectedAt, runs };
  }

  test("X9 X10 tells of calls that ran that they may have, runs those that had not left exactly once, and none in two processes", {
    timeout: 60_000,
  }, async () => {
    const { outcomes, unsent, connectedAt, runs } = await throughKills(true);
    expect(connectedAt).toHaveLength(kills + 1);
    const ranIn = new Map<string, string[]>();
    for (const { process, call } of runs) ranIn.set(call, [...(ranIn.get(call) ?? []), process]);
    // No handler of one process runs again in another, nor twice in one.
    expect([...ranIn.values()].filter(({ length }) => length > 1)).toEqual([]);

    const failed = outcomes.filter(({ error }) => error !== undefined);
    for (const { error, at, killed } of failed) {
      expect(error).toMatchObject({
        code: "UNAVAILABLE",
        processed: "maybe",
        cause: { code: "SESSION_LOST" },
      });
      // As soon as the next process has said that it knows nothing of them.
      const knownAt = connectedAt[killed] as number;
      expect(at - knownAt).toBeLessThan(1_000);
    }
    const failedCalls = new Set(failed.map(({ call }) => call));
    expect([...failedCalls].filter((call) => call.startsWith("wait"))).toHaveLength(kills * waits);
    // What was with a server when it was killed: never more than it runs at once.
    expect(failed.length).toBeLessThanOrEqual(kills * (atOnce + waits));
    const answered = outcomes.filter(({ call }) => !failedCalls.has(call));
    expect(answered.filter(({ call }) => ranIn.get(call)?.length !== 1)).toEqual([]);
    expect(unsent.filter((call) => failedCalls.has(call))).toEqual([]);
  });

  test("X10 never runs what it says `processed: no` of", { timeout: 60_000 }, async () => {
    const { outcomes, runs } = await throughKills(false);
    const ran = new Set(runs.map(({ call }) => call));
    const byProcessed = new Map<string, string[]>();
    for (const { call, error } of outcomes) {
      if (error === undefined) continue;
      const { processed } = error as { processed: string };
      byProcessed.set(processed, [...(byProcessed.get(processed) ?? []), call]);
    }
    const never = byProcessed.get("no") ?? [];
    expect(never.length).toBeGreaterThan(0);
    expect(never.filter((call) => ran.has(call))).toEqual([]);
    expect([...byProcessed.keys()].sort()).toEqual(["maybe", "no"]);
  });
});
