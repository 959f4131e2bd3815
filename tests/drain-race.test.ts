/** Calls that cross the drain of a server in memory while the client knows another: each runs once, at either, and none fails. */
import { Client } from "@sluice/client";
import { closures, type ProtocolDefinition } from "@sluice/protocol";
import { CountingLink, Dice, FakeClock } from "@sluice/protocol/testing";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { FrameType, silentLogger, type Transport } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { type MemoryTransport, memoryTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";

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
  const trials = Number(process.env.SLUICE_DRAIN_TRIALS ?? 1_000);
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
