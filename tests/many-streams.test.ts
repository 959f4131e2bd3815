/** Ten thousand streams at once over Unix sockets: all complete, and no connection has more handlers than it may. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";
import { expect, test } from "vitest";
import { comesToRest, gate } from "./world.ts";

const protocol = {
  count: {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "integer" },
  },
} as const satisfies ProtocolDefinition;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const items = 3;
const streams = 10_000;
const maxConcurrentHandlers = 256;
/** What a stream that is open or waits may take, at both ends together. */
const mostBytes = 24 * 1024;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test.each([
  { connections: 100, each: 100 },
  { connections: 1, each: streams },
])(
  "X38 $each streams on each of $connections connections: all complete; never more than maxConcurrentHandlers of a connection run, the rest waits",
  ({ connections, each }) =>
    finishesCleanly(async () => {
      const folder = mkdtempSync(join(tmpdir(), "streams-"));
      const socket = join(folder, "server.sock");
      const { promise: going, open: go } = gate();
      const running = new Map<string, number>();
      const most = new Map<string, number>();
      let started = 0;
      const server = new Server({
        protocol,
        public: true,
        limits: { maxConcurrentHandlers },
        handlers: {
          async *count({ param, connection: { id } }) {
            started++;
            const now = (running.get(id) ?? 0) + 1;
            running.set(id, now);
            most.set(id, Math.max(most.get(id) ?? 0, now));
            try {
              await going;
              for (let n = 0; n < items; n++) yield param + n;
              return param;
            } finally {
              running.set(id, (running.get(id) ?? 0) - 1);
            }
          },
        },
      });
      await server.listen(`unix:${socket}`);
      const clients = Array.from({ length: connections }, () => {
        const transport = new SocketTransport({ socket });
        return new Client({ protocol, transport, limits: { maxQueue: streams } });
      });
      await Promise.all(clients.map(({ ready }) => ready));
      try {
        const before = heapUsed();
        const calls = clients.flatMap((client) =>
          Array.from({ length: each }, (_, n) => client.stream("count", { param: n })),
        );
        const mayRun = Math.min(each, maxConcurrentHandlers);
        const all = connections * mayRun;
        expect(await comesToRest(() => started, all, "handlers that run")).toBe(all);
        expect([...most.values()]).toEqual(clients.map(() => mayRun));
        expect(heapUsed() - before).toBeLessThan(streams * mostBytes);
        go();
        const ends = await Promise.all(
          calls.map(async (call) => {
            let sum = 0;
            for await (const n of call) sum += n;
            return { sum, result: await call };
          }),
        );
        const expected = ends.map((_, at) => at % each);
        expect(ends).toEqual(expected.map((n) => ({ sum: items * n + 3, result: n })));
        expect([started, Math.max(...most.values()), most.size]).toEqual([streams, mayRun, connections]);
      } finally {
        await Promise.all(clients.map((client) => client.dispose()));
        await server.dispose();
        rmSync(folder, { recursive: true });
      }
    }),
  60_000,
);
