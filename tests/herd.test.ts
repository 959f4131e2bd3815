/** Many clients that lose one server at the same moment, and come back when it is there again: apart from each other, and all of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@sluice/client";
import type { Logger, ProtocolDefinition } from "@sluice/protocol";
import { MemoryFaultProxy, StillWorld } from "@sluice/protocol/testing";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";
import { describe, expect, test } from "vitest";
import { until } from "./world.ts";

const protocol = {
  ask: { type: "request", param: { type: "integer" }, result: { type: "integer" } },
} as const satisfies ProtocolDefinition;

const ignore = (): void => {};
const quiet: Logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** `count` whole numbers from 0. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** In which order they made their `nth` tries, from 1. */
function round(tries: readonly number[], nth: number): number[] {
  return tries.filter((one, at) => tries.slice(0, at + 1).filter((other) => other === one).length === nth);
}

class World extends StillWorld {
  async run(): Promise<void> {
    await this.clock.advance(0);
  }
}

describe("X39 clients whose server was away", () => {
  test("come back by at most 20 % in any 250 ms: a thousand, after 5 s, each with its session and a call that runs", async () => {
    const count = 1_000;
    const world = new World();
    const { clock } = world;
    const proxy = new MemoryFaultProxy({ clock });
    const going = new Map<number, (answer: number) => void>();
    let runs = 0;
    const server = new Server({
      protocol,
      public: true,
      clock,
      logger: quiet,
      transport: proxy.server,
      handlers: {
        ask: ({ param }) => {
          runs++;
          return new Promise((resolve) => going.set(param, resolve));
        },
      },
    });
    const returns: number[] = [];
    server.on("resumed", () => void returns.push(clock.now()));
    const clients = upTo(count).map(
      () => new Client({ protocol, clock, transport: proxy.client, logger: quiet }),
    );
    const answers = clients.map((client, n) => client.request("ask", { param: n }));
    while (going.size < count) await world.run();

    proxy.down();
    await world.advance(5_000);
    const { refused } = proxy;
    expect(returns).toEqual([]);
    proxy.heal();
    await world.advance(15_000);
    expect(returns).toHaveLength(count);
    const most = Math.max(
      ...returns.map((at) => returns.filter((other) => other >= at && other <= at + 250).length),
    );
    expect(most).toBeLessThanOrEqual(0.2 * count);
    // None hammers: what full jitter under doubling bounds comes to in 5 s, on average.
    expect(refused / count).toBeGreaterThan(4);
    expect(refused / count).toBeLessThan(10);

    for (const [n, answer] of going) answer(n);
    expect(await world.until(Promise.all(answers))).toEqual(upTo(count));
    expect(runs).toBe(count);
    await world.until(Promise.all(clients.map((client) => client.dispose())));
    await world.until(server.dispose());
  }, 60_000);

  test("do not keep step with each other, and lose no call that waits: 40 over Unix sockets, whose server is started again", () =>
    finishesCleanly(async () => {
      const folder = mkdtempSync(join(tmpdir(), "herd-"));
      const socket = join(folder, "server.sock");
      const runs: number[] = [];
      const serve = async (): Promise<Server<typeof protocol>> => {
        const server = new Server({
          protocol,
          public: true,
          logger: quiet,
          handlers: {
            ask({ param }) {
              runs.push(param);
              return param;
            },
          },
        });
        await server.listen(`unix:${socket}`);
        return server;
      };
      let server = await serve();
      /** Which client has tried in vain, in order. */
      const tries: number[] = [];
      const clients = upTo(40).map((n) => {
        const info = (message: string): void => {
          if (message.startsWith("Cannot connect")) tries.push(n);
        };
        const reconnect = { initial: 20, max: 60 };
        return new Client({
          protocol,
          transport: new SocketTransport({ socket }),
          logger: { ...quiet, info },
          reconnect,
        });
      });
      await Promise.all(clients.map(({ ready }) => ready));
      await server.dispose();
      await until(() => clients.every(({ status }) => status === "reconnecting"));
      const answers = Promise.all(clients.map((client, n) => client.request("ask", { param: n })));
      const triesOf = (n: number): number => tries.filter((one) => one === n).length;
      await until(() => upTo(40).every((n) => triesOf(n) >= 3));
      // In step they would try in the same order each time: in that in which they lost it.
      expect(round(tries, 1)).not.toEqual(upTo(40));
      expect(round(tries, 2)).not.toEqual(round(tries, 1));

      server = await serve();
      expect(await answers).toEqual(upTo(40));
      expect([...runs].sort((a, b) => a - b)).toEqual(upTo(40));
      expect(server.connections).toHaveLength(40);
      await Promise.all(clients.map((client) => client.dispose()));
      await server.dispose();
      rmSync(folder, { recursive: true });
    }));
});
