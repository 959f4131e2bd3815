/** What a server says of handlers that outlive it: which they are, also where nobody else remembers their calls. */
import type { ProtocolDefinition } from "@sluice/protocol";
import type { Link, Transport } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { leakReport } from "../src/leak-report.ts";
import { gate, World } from "./world.ts";

const protocol = {
  wait: { type: "request" },
  note: { type: "event" },
  watch: { type: "stream", receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;

/** A server none of whose handlers looks at its signal: all end when `going` does. */
function stubborn() {
  const going = gate();
  const ignore = (): Promise<void> => going.promise;
  const world = new World({
    protocol,
    handlers: { wait: ignore, note: ignore, watch: ignore },
    public: true,
    drainTimeout: 300,
  });
  return { going, world };
}

/** The transport of a client, with what breaks its links. */
function breakable({ link: { client } }: World): { readonly transport: Transport; cut(): void } {
  const links: Link[] = [];
  return {
    transport: {
      name: client.name,
      async connect(options) {
        const link = await client.connect(options);
        links.push(link);
        return link;
      },
      dispose: async () => {},
    },
    cut() {
      for (const link of links.splice(0)) link.destroy();
    },
  };
}

/** What was warned of, with its fields. */
function warnings({ log }: World): unknown[] {
  return log.filter(({ level }) => level === "warn").map(({ message, fields }) => [message, fields]);
}

describe("X30 a server that gives up waiting", () => {
  test("names handlers whatever has become of their calls, how many of each, and for how long", async () => {
    const { going, world } = stubborn();
    const client = world.connect({ graceMs: 0 });
    const ended: Promise<unknown>[] = [];
    const drop = (call: PromiseLike<unknown>): void => void ended.push(Promise.resolve(call).catch(() => {}));
    await world.until(client.ready);
    // Over for its caller by the deadline, confirmed; one acknowledged at once; one aborted; two that run.
    drop(client.request("wait", { timeout: 100 }));
    await world.until(client.event("note", { data: undefined }));
    const controller = new AbortController();
    drop(client.stream("watch", { signal: controller.signal }));
    await world.advance(200);
    controller.abort();
    drop(client.request("wait"));
    drop(client.request("wait"));
    await world.advance(1_000);
    expect(world.server.connections[0]?.runningHandlers).toBe(5);
    const disposed = world.server.dispose();
    await world.advance(299);
    expect(warnings(world)).toEqual([]);
    await world.advance(1);
    await world.until(disposed);
    expect(warnings(world)).toEqual([
      [
        "5 handlers ignore that their signal has aborted, 300 ms after the shutdown: 3 of wait for up to 1500 ms, note for 1500 ms, watch for 1500 ms",
        {
          handlers: [
            { procedure: "wait", count: 3, longestMs: 1_500 },
            { procedure: "note", count: 1, longestMs: 1_500 },
            { procedure: "watch", count: 1, longestMs: 1_500 },
          ],
        },
      ],
    ]);
    going.open();
    await world.until(Promise.all(ended));
    await world.end();
  });

  test("names those whose connection has gone long before, and those that wait for their caller's next link", async () => {
    const { going, world } = stubborn();
    const gone = world.connect({ graceMs: 0 });
    const lost = gone.request("wait").catch(() => {});
    await world.until(gone.ready);
    await world.run();
    await world.until(gone.dispose());
    const { transport, cut } = breakable(world);
    // Back only when the server has gone.
    const client = world.connect({
      transport,
      reconnect: { initial: 60_000, max: 60_000, jitter: "none" },
    });
    const detached = client.request("wait").catch(() => {});
    await world.until(client.ready);
    await world.run();
    let losses = 0;
    world.server.on("detached", () => void losses++);
    cut();
    await world.advance(5_000);
    expect([losses, world.server.connections, client.status]).toEqual([1, [], "reconnecting"]);
    const disposed = world.server.dispose();
    await world.advance(300);
    await world.until(disposed);
    expect(world.complaints).toEqual([
      "2 handlers ignore that their signal has aborted, 300 ms after the shutdown: 2 of wait for up to 5300 ms",
    ]);
    await world.advance(30_000); // the grace, at the client
    going.open();
    await world.until(Promise.all([lost, detached]));
    await world.end();
  });

  test("does not name those that have settled", async () => {
    const { going, world } = stubborn();
    const client = world.connect();
    const call = client.request("wait").catch(() => {});
    await world.until(client.ready);
    await world.run();
    const disposed = world.server.dispose();
    await world.advance(200);
    going.open();
    await world.until(Promise.all([disposed, call]));
    expect(world.complaints).toEqual([]);
    await world.end();
  });
});

describe("leakReport()", () => {
  test("speaks of one handler as of one", () => {
    expect(leakReport([{ procedure: "a", openedAt: 10.4 }], 25, 5)).toEqual({
      message: "1 handler ignores that its signal has aborted, 5 ms after the shutdown: a for 15 ms",
      fields: { handlers: [{ procedure: "a", count: 1, longestMs: 15 }] },
    });
  });

  test("names ten procedures, the most frequent first, and all in its fields", () => {
    const handlers = Array.from({ length: 12 }, (_, at) => ({ procedure: `p${at}`, openedAt: 0 }));
    const { message, fields } = leakReport([...handlers, { procedure: "p11", openedAt: 3 }], 9, 1);
    expect(message).toBe(
      `13 handlers ignore that their signal has aborted, 1 ms after the shutdown: 2 of p11 for up to 9 ms, ${Array.from({ length: 9 }, (_, at) => `p${at} for 9 ms`).join(", ")}, and of 2 more procedures`,
    );
    expect((fields.handlers as unknown[]).length).toBe(12);
  });
});
