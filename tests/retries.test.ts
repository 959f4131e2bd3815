/** Servers that are started again over Unix sockets: which calls go on, which are repeated, and which fail and say so. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ClientOptions } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { type Child, finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { type HandlersOf, Server, type ServerOptions } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";
import { describe, expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";
import { protocol } from "./restarted-protocol.ts";
import { aborted, gate, until } from "./world.ts";

type Protocol = typeof protocol;

const fast = {
  retry: { initial: 2, max: 10 },
  reconnect: { initial: 1, max: 10 },
  logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
} as const;

interface Place {
  readonly folder: string;
  readonly address: string;
  connect(options?: Partial<ClientOptions<Protocol>>): Client<Protocol>;
}

/** Runs `body` in a folder of its own, and proves that nothing of it is left. */
function inFolder(body: (place: Place) => Promise<void>): Promise<void> {
  return finishesCleanly(async () => {
    const folder = mkdtempSync(join(tmpdir(), "retries-"));
    const socket = join(folder, "server.sock");
    const clients: Client<Protocol>[] = [];
    const connect = (options: Partial<ClientOptions<Protocol>> = {}): Client<Protocol> => {
      const client = new Client({
        protocol,
        transport: new SocketTransport({ socket }),
        ...fast,
        ...options,
      });
      clients.push(client);
      return client;
    };
    try {
      await body({ folder, address: `unix:${socket}`, connect });
    } finally {
      await Promise.all(clients.map((client) => client.dispose()));
      rmSync(folder, { recursive: true });
    }
  });
}

/** A server in this process, at the same address as the one before. */
async function serve(
  address: string,
  handlers: Partial<HandlersOf<Protocol>>,
  options: Partial<ServerOptions<Protocol, undefined>> = {},
): Promise<Server<Protocol, undefined>> {
  const missing = (): never => {
    throw new SluiceError("UNIMPLEMENTED", "not here");
  };
  const all = { "numbers/count": missing, "orders/read": missing, "orders/place": missing, ...handlers };
  const server = new Server<Protocol, undefined>({
    protocol,
    public: true,
    logger: fast.logger,
    handlers: all as HandlersOf<Protocol>,
    ...options,
  });
  await server.listen(address);
  return server;
}

/** A server in a process of its own, at the same address as the one before. */
async function startChild(address: string, file: string): Promise<Child> {
  const script = builtProgram(new URL("./children/restarted-server.ts", import.meta.url));
  const child = inChild(script, { execArgv: [], args: [address, file] });
  expect(await child.message()).toBe("listening");
  return child;
}

/** What its handlers have written down. */
function runsIn(file: string): string[] {
  return readFileSync(file, "utf8").trim().split("\n");
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, at) => at + 1);
}

describe("a stream with cursor", () => {
  const last = 20_000;
  const count: HandlersOf<Protocol>["numbers/count"] = async function* ({ param, cursor = 0 }) {
    for (let n = cursor + 1; n <= param; n++) yield { n };
    return "counted";
  };

  test.each<[string, (server: Server<Protocol, undefined>) => Promise<void>]>([
    ["is disposed of", (server) => server.dispose()],
    ["drains without time to finish", (server) => server.drain({ timeout: 1 }).then(() => server.dispose())],
  ])("X9 goes on, without loss or repetition, when its server %s, five times", (_, end) =>
    inFolder(async ({ address, connect }) => {
      const cursors: (number | undefined)[] = [];
      const handlers: Partial<HandlersOf<Protocol>> = {
        "numbers/count": (context) => {
          cursors.push(context.cursor);
          return count(context);
        },
      };
      let server = await serve(address, handlers);
      const stream = connect().stream("numbers/count", { param: last });
      const got: number[] = [];
      let restarts = 0;
      for await (const { n } of stream) {
        got.push(n);
        // In the midst of what this server brings.
        if (restarts === 5 || cursors.length === restarts || n < (cursors[restarts] ?? 0) + 100) continue;
        restarts++;
        await end(server);
        server = await serve(address, handlers);
      }
      expect(got).toEqual(upTo(last));
      expect(await stream).toBe("counted");
      expect(stream.stats.received).toBe(last);
      // One for each server, each after where the one before had begun.
      const [first, ...others] = cursors.map((cursor) => cursor ?? 0);
      expect([first, others.length]).toEqual([0, 5]);
      expect(new Set(others).size).toBe(5);
      expect(others).toEqual([...others].sort((a, b) => a - b));
      await server.dispose();
    }),
  );

  test("X9 goes on, without loss or repetition, when the process of its server is killed, three times", () =>
    inFolder(async ({ folder, address, connect }) => {
      const file = join(folder, "runs");
      let child = await startChild(address, file);
      try {
        const client = connect();
        const stream = client.stream("numbers/count", { param: last });
        const got: number[] = [];
        let kills = 0;
        for await (const { n } of stream) {
          got.push(n);
          // In the midst of what this server brings.
          if (kills === 3 || n % 500 !== 0 || runsIn(file).length === kills) continue;
          kills++;
          await child.kill();
          child = await startChild(address, file);
        }
        expect(got).toEqual(upTo(last));
        expect(await stream).toBe("counted");
        const runs = runsIn(file);
        expect([runs[0], runs.length]).toEqual(["count after 0", 4]);
        expect(new Set(runs).size).toBe(4);
      } finally {
        child.send("end");
        await child.end();
      }
    }));
});

describe("a request whose server is killed when its handler has run", () => {
  test.each([
    ["orders/read", "is repeated, since it is idempotent"],
    ["orders/place", "is not, and fails with `maybe`"],
  ] as const)("X9 %s %s", (name, _) =>
    inFolder(async ({ folder, address, connect }) => {
      const file = join(folder, "runs");
      let child = await startChild(address, file);
      const client = connect();
      try {
        const call = client.request(name, { param: "die" });
        const outcome = call.catch((error: unknown) => error);
        await child.ended;
        child = await startChild(address, file);
        if (name === "orders/read") expect(await outcome).toBe(2);
        else
          expect(await outcome).toMatchObject({ code: "UNAVAILABLE", processed: "maybe", retryable: true });
        // What it said before, it says again: nothing comes later.
        expect(await client.request("orders/read", { param: "live" })).toBe(1);
        expect(runsIn(file)).toEqual(
          name === "orders/read" ? ["read die", "read die", "read live"] : ["place die", "read live"],
        );
      } finally {
        child.send("end");
        await child.end();
      }
    }),
  );
});

describe("a server that is started again under load", () => {
  const limits = { maxConcurrentHandlers: 8 };

  /** Makes `count` calls, while servers that answer a few of them come and go. Gives the outcomes, and how often each ran. */
  async function throughRestarts(
    { address, connect }: Place,
    name: "orders/read" | "orders/place",
    count: number,
  ): Promise<{ outcomes: PromiseSettledResult<number>[]; runs: Map<string, number> }> {
    const runs = new Map<string, number>();
    let answered = 0;
    const handler = async ({ param }: { readonly param: string }): Promise<number> => {
      const run = (runs.get(param) ?? 0) + 1;
      runs.set(param, run);
      await new Promise((resolve) => setImmediate(resolve));
      answered++;
      return run;
    };
    const handlers = { "orders/read": handler, "orders/place": handler };
    let server = await serve(address, handlers, { limits });
    const client = connect({ limits });
    const calls = upTo(count).map((n) => client.request(name, { param: String(n) }));
    const settled = Promise.allSettled(calls);
    for (let restart = 1; restart <= 4; restart++) {
      await until(() => answered >= (restart * count) / 5);
      // Not gracefully: it is gone before it has answered.
      for (const connection of server.connections) connection.close();
      await server.dispose();
      server = await serve(address, handlers, { limits });
    }
    const outcomes = await settled;
    await server.dispose();
    return { outcomes, runs };
  }

  test("X10 runs calls exactly once that say `processed: no`, and tells of those that may have run", () =>
    inFolder(async (place) => {
      const count = 400;
      const { outcomes, runs } = await throughRestarts(place, "orders/place", count);
      let failed = 0;
      for (const [at, outcome] of outcomes.entries()) {
        const ran = runs.get(String(at + 1)) ?? 0;
        if (outcome.status === "fulfilled") {
          expect([outcome.value, ran]).toEqual([1, 1]);
          continue;
        }
        failed++;
        // One that certainly did not run was made again until it did.
        expect(outcome.reason).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
        expect(ran).toBeLessThanOrEqual(1);
      }
      // What a server had not answered when it went: at most what ran there at once.
      expect(failed).toBeLessThanOrEqual(4 * 8);
    }));

  test("X9 answers every call of an idempotent procedure", () =>
    inFolder(async (place) => {
      const count = 400;
      const { outcomes, runs } = await throughRestarts(place, "orders/read", count);
      expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
      let runsInAll = 0;
      for (const ran of runs.values()) runsInAll += ran;
      expect(runs.size).toBe(count);
      expect(runsInAll).toBeLessThanOrEqual(count + 4 * 8);
    }));
});

test("a server whose every call fails sees no storm: its budget stops what would be four times the load", () =>
  inFolder(async ({ address, connect }) => {
    let runs = 0;
    const server = await serve(address, {
      "orders/read": () => {
        runs++;
        throw new SluiceError("UNAVAILABLE", "overloaded");
      },
    });
    const client = connect({ retry: { ...fast.retry, budget: { burst: 20, ratio: 0.1, perSecond: 0 } } });
    const calls = upTo(1_000).map((n) => client.request("orders/read", { param: String(n) }));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
    expect(runs - 1_000).toBeGreaterThanOrEqual(20);
    expect(runs - 1_000).toBeLessThanOrEqual(20 + 0.1 * 1_000);
    await server.dispose();
  }));

describe("a call that waits for its server to be started again", () => {
  /** One whose server has gone while it ran. */
  async function waiting(
    { address, connect }: Place,
    signal?: AbortSignal,
  ): Promise<{ client: Client<Protocol>; outcome: Promise<unknown> }> {
    const started = gate();
    const server = await serve(address, {
      "orders/read": async (context) => {
        started.open();
        await aborted(context.signal);
        return 0;
      },
    });
    const client = connect({ retry: { initial: 60_000, max: 60_000, jitter: "none" } });
    const call = client.request("orders/read", { param: "a", ...(signal && { signal }) });
    const outcome = call.catch((error: unknown) => error);
    await started.promise;
    for (const connection of server.connections) connection.close();
    await server.dispose();
    await until(() => client.status === "reconnecting");
    return { client, outcome };
  }

  test("ends with its client, at once", () =>
    inFolder(async (place) => {
      const { client, outcome } = await waiting(place);
      await client.dispose();
      expect(await outcome).toMatchObject({
        code: "CANCELLED",
        message: "The client was disposed",
        processed: "maybe",
      });
    }));

  test("ends with its client while the next server is there", () =>
    inFolder(async (place) => {
      const { client, outcome } = await waiting(place);
      const server = await serve(place.address, { "orders/read": () => 1 });
      await client.ready;
      await client.dispose();
      expect(await outcome).toMatchObject({ code: "CANCELLED", processed: "maybe" });
      await server.dispose();
    }));

  test("ends with its signal, at once", () =>
    inFolder(async (place) => {
      const controller = new AbortController();
      const { outcome } = await waiting(place, controller.signal);
      controller.abort();
      expect(await outcome).toMatchObject({ code: "CANCELLED", processed: "maybe" });
    }));
});
