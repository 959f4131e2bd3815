/** Processes that are told to end while their server has work: what becomes of the work, and how they end. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, connect } from "@sluice/client";
import { type Child, finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { type Drainable, drainOnSignals } from "@sluice/server/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";
import { drained } from "./children/drained-protocol.ts";

let folder: string;
let sockets = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-signals-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A child whose server listens, and a client of it; both are gone afterwards. */
async function withChild(
  timeoutMs: number,
  body: (child: Child, client: Client<typeof drained>, socket: string) => Promise<void>,
): Promise<void> {
  const socket = join(folder, `${++sockets}.sock`);
  await finishesCleanly(async () => {
    const child = inChild(builtProgram(new URL("./children/drains-on-signal.ts", import.meta.url)), {
      execArgv: [],
      args: [`unix:${socket}`, `${timeoutMs}`],
    });
    try {
      expect(await child.message()).toBe("ready");
      const client = await connect(`unix:${socket}`, { protocol: drained, reconnect: false });
      try {
        await body(child, client, socket);
      } finally {
        await client.dispose();
      }
    } finally {
      await child.kill();
    }
  });
}

function signal(child: Child, name: NodeJS.Signals): void {
  process.kill(child.pid as number, name);
}

describe("a process that drains on signals", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "DR-2 %s during a call of 300 ms: the call succeeds, the process ends by itself with 0, nothing listens",
    (name) =>
      withChild(10_000, async (child, client, socket) => {
        const call = client.request("wait", { param: 300 });
        expect(await child.message()).toBe("called");
        signal(child, name);
        expect(await call).toBe("after 300 ms");
        expect(await child.end()).toEqual({ code: 0, signal: null, stdout: "left 0 0\n", stderr: "" });
        expect(existsSync(socket)).toBe(false);
      }),
  );

  test("ends with 1 if a handler had to be cut off, and names it", () =>
    withChild(100, async (child, client) => {
      const failed = client.request("ignore").catch((error) => error);
      expect(await child.message()).toBe("called");
      signal(child, "SIGTERM");
      expect(await failed).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
      const { code, stdout } = await child.end();
      expect([code, stdout]).toEqual([
        1,
        expect.stringMatching(
          /^1 handler ignores that its signal has aborted, 1000 ms .+: ignore for \d+ ms\nleft 0 0\n$/,
        ),
      ]);
    }));

  test.each([
    ["SIGTERM", "SIGTERM", 143],
    ["SIGTERM", "SIGINT", 130],
  ] as const)("%s, then %s: ends at once, with %d", (first, second, code) =>
    withChild(60_000, async (child, client) => {
      const failed = client.request("ignore").catch((error) => error);
      expect(await child.message()).toBe("called");
      signal(child, first);
      await expect.poll(() => client.status).toBe("draining");
      const before = performance.now();
      signal(child, second);
      expect((await child.end()).code).toBe(code);
      expect(performance.now() - before).toBeLessThan(15_000);
      expect(await failed).toMatchObject({ code: "UNAVAILABLE" });
    }),
  );
});

describe("drainOnSignals()", () => {
  const counts = (): number[] => ["SIGTERM", "SIGUSR2"].map((name) => process.listenerCount(name));

  /** One that has drained when `end` is called. */
  function draining() {
    let end!: (isWhole: boolean) => void;
    const timeouts: (number | undefined)[] = [];
    const server: Drainable = {
      drain({ timeout, retry } = {}) {
        timeouts.push(timeout, retry);
        return new Promise((resolve) => {
          end = resolve;
        });
      },
    };
    return { server, timeouts, end: (isWhole: boolean) => end(isWhole) };
  }

  test("listens to the signals that it is told, until it is taken off", () => {
    const before = counts();
    const { server, timeouts } = draining();
    const off = drainOnSignals(server, { signals: ["SIGUSR2"] });
    expect(counts()).toEqual([before[0], (before[1] as number) + 1]);
    off();
    off();
    expect([counts(), timeouts]).toEqual([before, []]);
  });

  test.each([
    [true, 0],
    [false, 1],
  ] as const)("nothing cut off: %s. `exit` gets %d, after the handlers are off", async (isWhole, code) => {
    const before = counts();
    const { server, timeouts, end } = draining();
    const exited = new Promise<unknown>((resolve) => {
      const exit = (given: number): void => resolve([given, counts()]);
      drainOnSignals(server, { signals: ["SIGUSR2"], timeout: 70, retry: 9, exit });
    });
    process.emit("SIGUSR2", "SIGUSR2");
    expect(timeouts).toEqual([70, 9]);
    end(isWhole);
    expect(await exited).toEqual([code, before]);
  });

  test("refuses what is no option, and no time", () => {
    const before = counts();
    const { server } = draining();
    expect(() => drainOnSignals(server, { timeout: -1 })).toThrow(RangeError);
    expect(() => drainOnSignals(server, { signal: ["SIGUSR2"] } as object)).toThrow(TypeError);
    expect(counts()).toEqual(before);
  });
});
