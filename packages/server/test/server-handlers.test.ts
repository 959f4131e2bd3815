/** Handlers of a server that were told to stop, or have lost their caller: their results, their writes, their slots. */

import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { systemClock } from "@sluice/protocol/wire";
import { memoryTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";
import { Server } from "../src/server.ts";
import { aborted, inWorld, type WorldOptions } from "./world.ts";

const integer = { type: "integer" } as const;
const protocol = {
  endless: { type: "stream", receive: integer },
  counted: { type: "stream", receive: integer, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

/** Yields for ever; notes how far it came when it is left. */
function generators(left: number[]): WorldOptions {
  const endless = async function* () {
    let at = 0;
    try {
      for (;;) yield ++at;
    } finally {
      left.push(at);
    }
  };
  return { protocol, handlers: { endless, counted: endless }, public: true };
}

describe("a generator that does not look at its signal", () => {
  test("is ended by stop; without a `result` that is its good end", async () => {
    const left: number[] = [];
    await inWorld(generators(left), async (world) => {
      const call = world.connect().stream("endless");
      const got: unknown[] = [];
      const reading = (async () => {
        for await (const item of call) {
          got.push(item);
          if (item === 3) break;
        }
      })();
      await world.until(reading);
      expect(await world.until(call)).toBeUndefined();
      expect([got, left.length]).toEqual([[1, 2, 3], 1]);
      expect(world.server.connections[0]?.runningHandlers).toBe(0);
      expect(world.complaints).toEqual([]);
    });
  });

  test("has no result if its procedure has one: CANCELLED", async () => {
    const left: number[] = [];
    await inWorld(generators(left), async (world) => {
      const call = world.connect().stream("counted");
      await world.until(call.readable.getReader().read());
      await world.until(call.close());
      expect(await world.failure(call.result)).toMatchObject({ code: "CANCELLED", origin: "remote" });
      expect(left.length).toBe(1);
    });
  });

  test("may return a result from its finally", async () => {
    const counted = async function* () {
      try {
        for (let at = 0; ; at++) yield at;
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: this is what the test is about
        return "counted";
      }
    };
    await inWorld({ ...generators([]), handlers: { counted, endless: counted } }, async (world) => {
      const call = world.connect().stream("counted");
      await world.until(call.readable.getReader().read());
      await world.until(call.close());
      expect(await world.until(call)).toBe("counted");
    });
  });
});

describe("a handler that looks at its signal", () => {
  test("finishes after stop with its result, and its later writes go nowhere", async () => {
    const counted = async ({
      writable,
      signal,
    }: {
      writable: WritableStream<number>;
      signal: AbortSignal;
    }) => {
      const writer = writable.getWriter();
      await writer.write(1);
      const reason = await aborted(signal);
      for (let item = 2; item < 1_000; item++) await writer.write(item);
      return `${reason}`;
    };
    await inWorld({ ...generators([]), handlers: { counted, endless: counted } }, async (world) => {
      const call = world.connect().stream("counted");
      const reader = call.readable.getReader();
      expect(await world.until(reader.read())).toEqual({ done: false, value: 1 });
      await world.until(call.close());
      expect(await world.until(reader.read())).toEqual({ done: true, value: undefined });
      expect(await world.until(call)).toBe("stop");
    });
  });
});

describe("a handler that goes on writing after stop", () => {
  /** Far beyond what one turn of the event loop has room for: it would have starved the process. */
  const mostWrites = 2_000_000;

  test.each(["shared", "bytes"] as const)(
    "does not starve the process (%s), and is let go once its session closes",
    async (values) => {
      const link = memoryTransport({ values });
      let writes = 0;
      const outcomes: unknown[] = [];
      const endless = async ({ writable }: { writable: WritableStream<number> }): Promise<void> => {
        const writer = writable.getWriter();
        try {
          while (writes < mostWrites) {
            writes++;
            await writer.write(writes);
          }
          outcomes.push("starved");
        } catch (error) {
          outcomes.push((error as { code: unknown }).code);
          throw error;
        }
      };
      const complaints: string[] = [];
      const note = (message: string): void => void complaints.push(message);
      const logger = { trace() {}, debug() {}, info() {}, warn: note, error: note };
      const server = new Server({
        protocol,
        handlers: { endless, counted: async () => "" },
        public: true,
        transport: link.server,
        clock: systemClock,
        logger,
      });
      const client = new Client({ protocol, transport: link.client, graceMs: 0, reconnect: false });
      const call = client.stream("endless");
      const failed = call.result.catch((error) => error);
      await call.readable.getReader().read();
      await call.close();
      // What the event loop does besides has its turns, while the handler goes on.
      const until = writes + 1_000;
      while (writes < until) await new Promise((resolve) => setImmediate(resolve));
      expect(server.connections[0]?.runningHandlers).toBe(1);
      await client.dispose();
      expect(await failed).toMatchObject({ code: "CANCELLED" });
      // Its next write fails: there is nothing to wait 30 s for.
      await server.dispose();
      expect(outcomes).toEqual(["CANCELLED"]);
      expect(complaints).toEqual([]);
    },
  );
});
