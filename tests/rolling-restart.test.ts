/** Servers in processes of their own, each drained by a signal and started again under load: no call is lost, run twice, or fails. */
import { readFileSync } from "node:fs";
import type { Client } from "@sluice/client";
import type { SluiceError } from "@sluice/protocol";
import type { Child } from "@sluice/protocol/testing/node";
import { describe, expect, test } from "vitest";
import type { Faulted } from "./children/faulted-service.ts";
import { inProcessWorld, type ProcessWorld, signal, tuned } from "./process-world.ts";
import { until } from "./world.ts";

describe("three servers, each drained by SIGTERM and started again in turn", () => {
  const names = ["one", "two", "three"] as const;
  const drainTimeout = 2_000;

  /** Of the requests, each of which has its own. */
  let lastNumber = 0;

  /** How a process has ended, and how long after it was told to. */
  interface Restart {
    readonly name: string;
    readonly code: number | null;
    readonly stderr: string;
    readonly ms: number;
  }

  /** Restarts all servers; `goesOn` is awaited before each. Gives how each process has ended. */
  async function rolling(
    { startServer }: ProcessWorld,
    rounds: number,
    options: object,
    file: string,
    goesOn: () => Promise<unknown>,
  ): Promise<Restart[]> {
    const start = (name: string): Promise<Child> => startServer(options, file, name);
    const running = new Map<string, Child>();
    for (const name of names) running.set(name, await start(name));
    const restarts: Restart[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        await goesOn();
        const child = running.get(name) as Child;
        const toldAt = performance.now();
        signal(child, "SIGTERM");
        const { code, stderr } = await child.end();
        restarts.push({ name, code, stderr, ms: performance.now() - toldAt });
        running.set(name, await start(name));
      }
    }
    return restarts;
  }

  test(
    "X41 three times, under requests and streams: none fails, none runs twice, each process ends with 0 within its time",
    () =>
      inProcessWorld(tuned, async (world) => {
        const { path, connect } = world;
        const rounds = 3;
        const file = path("runs");
        // Each prefers another server, so that none is idle when its turn comes.
        const clients = names.map((_, at) =>
          connect([...names.slice(at), ...names.slice(0, at)].map(path), { graceMs: 30_000 }),
        );
        let isOver = false;
        const done = { requests: 0, streams: 0 };
        const requesting = async (client: Client<Faulted>): Promise<void> => {
          while (!isOver) {
            const number = ++lastNumber;
            expect(await client.request("place", { param: number })).toBe(1);
            done.requests++;
          }
        };
        const streaming = async (client: Client<Faulted>): Promise<void> => {
          while (!isOver) {
            let last = 0;
            for await (const { n } of client.stream("count", { param: 200 })) {
              expect(n).toBe(++last);
            }
            expect(last).toBe(200);
            done.streams++;
          }
        };
        const load = Promise.all(
          clients.flatMap((client) => [requesting(client), requesting(client), streaming(client)]),
        );
        const restarts = await rolling(world, rounds, { drainTimeout }, file, async () => {
          const { requests, streams } = done;
          const ended = () => done.requests > requests + 100 && done.streams > streams + 5;
          // What fails is told at once.
          await Promise.race([load, until(ended, "calls end")]);
        });
        isOver = true;
        await load;

        expect(restarts).toHaveLength(rounds * names.length);
        for (const { code, stderr, ms } of restarts) {
          expect([code, stderr]).toEqual([0, ""]);
          expect(ms).toBeLessThan(drainTimeout + 1_000);
        }
        const runs = readFileSync(file, "utf8").trim().split("\n");
        const placed = new Set(runs.map((line) => line.split(" ")[2]));
        expect([runs.length, placed.size]).toEqual([lastNumber, lastNumber]);
        // Each server had its share whenever its turn came.
        expect(new Set(runs.map((line) => line.split(" ")[0])).size).toBeGreaterThan(rounds * names.length);
      }),
    180_000,
  );

  test(
    "X41 under a stream that is longer than any drain: it is cut off in time, and goes on behind its cursor at the next server",
    () =>
      inProcessWorld(tuned, async (world) => {
        const { path, connect } = world;
        const client = connect(names.map(path), { graceMs: 30_000 });
        const controller = new AbortController();
        let last = 0;
        const stream = (async () => {
          const call = client.stream("count", { param: 1_000_000_000, signal: controller.signal });
          try {
            for await (const { n } of call)
              if (n !== ++last) throw new Error(`${n} came where ${last} was due`);
          } catch (error) {
            return (error as SluiceError).code;
          }
          return "ended";
        })();
        const short = 200;
        const restarts = await rolling(world, 1, { drainTimeout: short }, "", async () => {
          const before = last;
          await until(() => last > before + 100 && client.status === "connected", "the stream goes on");
        });
        controller.abort();
        expect(await stream).toBe("CANCELLED");
        for (const { ms } of restarts) expect(ms).toBeLessThan(short + 1_000);
        // Where the stream was, something had to be cut off.
        const cutOff = restarts.filter(({ code }) => code === 1);
        expect(cutOff.length).toBeGreaterThanOrEqual(2);
        expect(cutOff.length + restarts.filter(({ code }) => code === 0).length).toBe(restarts.length);
      }),
    180_000,
  );
});
