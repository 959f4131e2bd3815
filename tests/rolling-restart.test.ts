/** Servers that drain under load while the client knows others: no call is lost, run twice, or fails. */
import { readFileSync } from "node:fs";
import { Client } from "@sluice/client";
import { closures, type ProtocolDefinition, type SluiceError } from "@sluice/protocol";
import { CountingLink, Dice, FakeClock } from "@sluice/protocol/testing";
import { type Child, finishesCleanly } from "@sluice/protocol/testing/node";
import { FrameType, silentLogger, type Transport } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { type MemoryTransport, memoryTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";
import type { Faulted } from "./children/faulted-service.ts";
import { inProcessWorld, type ProcessWorld, signal, tuned } from "./process-world.ts";
import { until } from "./world.ts";

async function microtasks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined;
}

/** What `promise` brings, with as much time as it needs: no more than a minute. */
async function inTime<Value>(clock: FakeClock, promise: Promise<Value>): Promise<Value> {
  let isSettled = false;
  const settled = (): void => {
    isSettled = true;
  };
  promise.then(settled, settled);
  const giveUpAt = clock.now() + 60_000;
  while (!isSettled) {
    if (clock.now() > giveUpAt) throw new Error("Waited for a minute");
    await clock.advance(clock.nextTimerMs ?? 1);
  }
  return promise;
}

/** SLUICE_DRAIN_TRIALS scales it. */
describe("calls that cross a DRAIN, where the client knows another server", () => {
  const protocol = {
    place: { type: "request", param: { type: "integer" }, result: { type: "integer" } },
    count: { type: "stream", param: { type: "integer" }, receive: { type: "integer" } },
  } as const satisfies ProtocolDefinition;
  const trials = Number(process.env.SLUICE_DRAIN_TRIALS ?? 2_500);
  const callsPerTrial = 8;

  /** What all trials have come to. */
  const sum = { refused: 0, byFirst: 0, byOther: 0 };

  /** One server drains at a random moment among the calls of one client, whose second transport leads to another. */
  async function trial(seed: number): Promise<void> {
    const dice = Dice.seeded(seed);
    const runs = new Map<number, number>();
    /** Handlers of the first server that began after it had begun to drain. */
    let late = 0;
    let isDraining = false;
    const run = (number: number, isFirst: boolean): void => {
      runs.set(number, (runs.get(number) ?? 0) + 1);
      if (isFirst && isDraining) late++;
      sum[isFirst ? "byFirst" : "byOther"]++;
    };
    const clock = new FakeClock();
    const values = dice.pick(["bytes", "shared"] as const);
    const [first, other] = [memoryTransport({ values, clock }), memoryTransport({ values, clock })];
    const links: CountingLink[] = [];
    const serve = (transport: MemoryTransport, isFirst: boolean) =>
      new Server({
        protocol,
        public: true,
        validator: closures(),
        logger: silentLogger,
        transport: transport.server,
        clock,
        handlers: {
          async place({ param }) {
            run(param, isFirst);
            await microtasks(dice.below(30));
            return param;
          },
          async *count({ param }) {
            run(param, isFirst);
            for (let n = 1; n <= 3; n++) {
              await microtasks(dice.below(10));
              yield n;
            }
          },
        },
      });
    const servers = [serve(first, true), serve(other, false)] as const;
    const counted = ({ client }: MemoryTransport): Transport => ({
      name: "memory",
      async connect(options) {
        const link = new CountingLink(await client.connect(options));
        links.push(link);
        return link;
      },
      dispose: async () => {},
    });
    const client = new Client({
      protocol,
      validator: closures(),
      logger: silentLogger,
      transport: [counted(first), counted(other)],
      reconnect: { initial: 1, max: 10, jitter: "none" },
      retry: { initial: 1, max: 10, jitter: "none" },
      clock,
    });
    await inTime(clock, client.ready);

    const draining = microtasks(dice.below(60)).then(() => {
      isDraining = true;
      return servers[0].drain();
    });
    const calls: Promise<void>[] = [];
    for (let number = 1; number <= callsPerTrial; number++) {
      await microtasks(dice.below(12));
      calls.push(dice.oneIn(2) ? place(client, number) : count(client, number));
    }
    const outcomes = await inTime(clock, Promise.allSettled(calls));
    const isWhole = await inTime(clock, draining);
    expect({
      seed,
      errors: outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : [])),
      runs: [...runs.entries()].sort(([one], [two]) => one - two),
      late,
      isWhole,
    }).toEqual({
      seed,
      errors: [],
      runs: Array.from({ length: callsPerTrial }, (_, at) => [at + 1, 1]),
      late: 0,
      isWhole: true,
    });
    for (const { received } of links) sum.refused += received.of(FrameType.ERROR);
    await inTime(clock, client.dispose());
    await inTime(clock, servers[1].dispose());
    await Promise.all([first.server.dispose(), other.server.dispose()]);
  }

  async function place(client: Client<typeof protocol>, number: number): Promise<void> {
    expect(await client.request("place", { param: number })).toBe(number);
  }

  async function count(client: Client<typeof protocol>, number: number): Promise<void> {
    const items: number[] = [];
    for await (const n of client.stream("count", { param: number })) items.push(n);
    expect(items).toEqual([1, 2, 3]);
  }

  test(
    `X40 X42 DR-1 run once, at either server, and none fails; none begins after the drain (${trials} trials)`,
    () =>
      finishesCleanly(async () => {
        for (let seed = 1; seed <= trials; seed++) await trial(seed);
        expect(sum.byFirst + sum.byOther).toBe(trials * callsPerTrial);
        // The race is run, not missed.
        expect(sum.refused).toBeGreaterThan(trials / 10);
        expect(Math.min(sum.byFirst, sum.byOther)).toBeGreaterThan(trials);
      }),
    120_000,
  );
});

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
