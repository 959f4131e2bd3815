/** What it takes to come back: round trips until calls go on, and the memory of 1,000 of them at once; on a fake clock, frame by frame. */
import type { Client } from "@sluice/client";
import {
  rawFlag,
  rawType,
  readRawCredit,
  readRawData,
  readRawDone,
  readRawOpen,
  type Way,
} from "@sluice/protocol/testing";
import { describe, expect, test } from "vitest";
import { Allowances } from "./allowances.ts";
import { type DelayedProtocol, DelayedWorld, oneWayMs, read, write } from "./delayed-world.ts";
import type { TracedFrame } from "./wire-trace.ts";
import { gate } from "./world.ts";

const many = 3_000;

/** Calls in the midst of which a link is cut, and the ways in which their items go. */
const calls: readonly {
  readonly kind: string;
  readonly ways: readonly Way[];
  run(client: Client<DelayedProtocol>): Promise<number>;
}[] = [
  {
    kind: "a stream",
    ways: ["toClient"],
    run: (client) => read(client.stream("count", { param: many }), many),
  },
  {
    kind: "an upload",
    ways: ["toServer"],
    async run(client) {
      const channel = client.channel("collect");
      await write(channel.writable, many);
      return channel;
    },
  },
  {
    kind: "a channel",
    ways: ["toServer", "toClient"],
    async run(client) {
      const channel = client.channel("echo");
      const [result] = await Promise.all([read(channel, many), write(channel.writable, many)]);
      return result;
    },
  },
];

/** When the first item of the second connection leaves and arrives, ms from when that began. */
function firstItem(
  { trace }: DelayedWorld,
  way: Way,
): { leaves: number; arrives: number; frame: TracedFrame["frame"] } {
  const [first] = trace.on(2, way, rawType.DATA);
  if (first === undefined) throw new Error(`Nothing was resumed ${way}`);
  return { leaves: first.arrivesAt - oneWayMs, arrives: first.arrivesAt, frame: first.frame };
}

describe("a link with 50 ms each way that comes back", () => {
  test.each(calls)("SE-2 lets $kind go on after two round trips", async ({ ways, run }) => {
    const world = new DelayedWorld();
    const result = run(world.client);
    await world.advance(625);
    const before = Object.fromEntries(ways.map((way) => [way, world.trace.on(1, way, rawType.DATA).length]));
    for (const way of ways) expect(before[way]).toBeGreaterThan(100);
    world.proxy.cut();
    expect(await world.finish(result)).toBe(many);

    const [opened] = world.trace.on(2, "toServer", rawType.OPEN);
    const [credited] = world.trace.on(2, "toClient", rawType.CREDIT);
    for (const way of ways) {
      const { leaves, arrives, frame } = firstItem(world, way);
      // HELLO, WELCOME, OPEN: half a round trip each. The server sends at once; the client awaits where to go on.
      const due = way === "toClient" ? 3 * oneWayMs : 4 * oneWayMs;
      expect({ way, leaves, arrives }).toEqual({ way, leaves: due, arrives: due + oneWayMs });
      // It is the first that had not arrived: nothing comes twice.
      const { offset } = readRawData(frame);
      const received =
        way === "toClient"
          ? readRawOpen((opened as TracedFrame).frame).resume?.received
          : readRawCredit((credited as TracedFrame).frame).received;
      expect(offset).toBe(received);
    }
    expect(world.proxy.accepted).toBe(2);
    await world.end();
  });

  test("SE-2 brings the answer to a request in two round trips, which its server had while there was no link", async () => {
    const { promise: going, open: go } = gate();
    const world = new DelayedWorld({ going });
    const answer = world.client.request("ask", { param: "kept" });
    await world.advance(400);
    world.proxy.cut();
    go();
    expect(await world.finish(answer)).toBe("kept");
    const results = world.trace.on(2, "toClient", rawType.RESULT).map(({ arrivesAt }) => arrivesAt);
    expect([results, world.handlers.started]).toEqual([[4 * oneWayMs], 1]);
    await world.end();
  });

  test("SE-2 says in one breath with its calls that these are all", async () => {
    const { promise: going, open: go } = gate();
    const world = new DelayedWorld({ going });
    const answers = Promise.all(["a", "b", "c"].map((param) => world.client.request("ask", { param })));
    await world.advance(400);
    world.proxy.cut();
    await world.advance(10 + 4 * oneWayMs);
    const sent = world.trace.frames.filter(({ connection, way }) => connection === 2 && way === "toServer");
    expect(sent.map(({ frame, arrivesAt }) => [frame.type, arrivesAt])).toEqual([
      [rawType.HELLO, oneWayMs],
      ...[rawType.OPEN, rawType.OPEN, rawType.OPEN, rawType.DONE].map((type) => [type, 3 * oneWayMs]),
    ]);
    const rest = sent.at(-1) as TracedFrame;
    expect([rest.frame.flags & rawFlag.rest, readRawDone(rest.frame)]).toEqual([rawFlag.rest, []]);
    go();
    expect(await world.finish(answers)).toEqual(["a", "b", "c"]);
    await world.end();
  });
});

describe("1,000 running calls that come back at once", () => {
  const running = 1_000;
  const each = 400; // of each kind: 200 more than may run
  const items = 24;
  const maxBuffered = 4 * 1024 * 1024;
  const limits = { maxBuffered, maxMessage: 64 * 1024, maxCalls: running, maxConcurrentHandlers: running };

  test("RQ-8 stay within limits and memory, over a link that is slower than they are, and all end as they should", async () => {
    const { promise: going, open: go } = gate();
    const faults = { both: { delayMs: oneWayMs, bytesPerSecond: 5_000_000 } };
    const world = new DelayedWorld({ proxy: { faults, bufferBytes: 16 * 1024 }, limits, going });
    const allowances = new Allowances(world.trace);
    const { client, proxy, handlers } = world;
    const metadata = { tenant: "t".repeat(100) };
    const results = Array.from({ length: each }, async (_, n) => {
      const asked = client.request("ask", { param: `${n}`.padEnd(2_000, "?"), metadata });
      const counting = client.stream("count", { param: items, metadata });
      const echoing = client.channel("echo", { metadata });
      const writing = write(echoing.writable, items);
      // Nobody reads before all windows are full and the link has been lost.
      await going;
      const reading = [read(counting, items), read(echoing, items)] as const;
      const [answer, counted, echoed] = await Promise.all([asked, ...reading, writing]);
      return [answer.split("?")[0], counted, echoed];
    });
    const all = Promise.all(results);
    await world.advance(5_000);
    expect([handlers.running, handlers.most]).toEqual([running, running]);
    const { started } = handlers;
    proxy.cut();
    await world.advance(1_000);
    // All run on, none twice, and those that wait still do.
    expect([proxy.accepted, handlers.running, handlers.started]).toEqual([2, running, started]);
    go();
    await world.advance(200); // in full flow
    proxy.cut();
    const ends = await world.finish(all);
    expect(ends).toEqual(ends.map((_, n) => [`${n}`, items, items]));
    expect([proxy.accepted, handlers.started, handlers.running]).toEqual([3, 3 * each, 0]);

    expect([handlers.most, allowances.mostCalls]).toEqual([running, running]);
    // Half of it is for messages larger than their window, of which there are none. The other half was needed.
    for (const largest of Object.values(allowances.largest)) {
      expect(largest).toBeGreaterThan(maxBuffered / 4);
      expect(largest).toBeLessThanOrEqual(maxBuffered / 2);
    }
    const largestFrame = Math.max(...world.trace.frames.map(({ frame }) => 9 + frame.body.length));
    expect(world.mostUnsent).toBeGreaterThan(60 * 1024);
    expect(world.mostUnsent).toBeLessThanOrEqual(64 * 1024 + largestFrame);
    await world.end();
  }, 60_000);
});
