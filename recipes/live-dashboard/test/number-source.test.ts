/** The numbers and the news of them: without a gap, no faster than their reader, each connection its own. */
import { Client } from "@sluice/client";
import type { HandlersOf } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dashboard } from "../protocol.ts";
import { NumberSource } from "../src/number-source.ts";

const fast = { param: { perSecond: 100_000 } };

/** A server of numbers and what makes clients of it. */
function setUp() {
  const link = memoryTransport();
  const source = new NumberSource();
  const handlers = { "numbers/produce": source.produce, "numbers/progress": source.progress };
  const { "numbers/produce": produce, "numbers/progress": progress } = dashboard;
  const numbers = { "numbers/produce": produce, "numbers/progress": progress };
  const server = new Server({
    protocol: numbers,
    handlers: handlers as unknown as HandlersOf<typeof numbers>, // they are of a protocol that has more
    transport: link.server,
    public: true,
  });
  return { server, connect: () => new Client({ protocol: numbers, transport: link.client }) };
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

test("numbers come from 1 on without a gap, and their count is the result", async () => {
  const { server, connect } = setUp();
  const client = connect();
  const call = client.stream("numbers/produce", fast);
  const taken: number[] = [];
  for await (const number of call) {
    taken.push(number);
    if (number === 5_000) await call.close();
  }
  expect(taken).toEqual(Array.from({ length: taken.length }, (_, index) => index + 1));
  expect(taken.length).toBeGreaterThanOrEqual(5_000);
  expect((await call).total).toBeGreaterThanOrEqual(taken.length);
  expect(console.log).toHaveBeenCalledWith("Numbers ended: stop");
  await client.dispose();
  await server.dispose();
});

test("progress tells how far the numbers of its own connection have come, and 0 for another", async () => {
  const { server, connect } = setUp();
  const client = connect();
  const call = client.stream("numbers/produce", fast);
  const reader = call.readable.getReader();
  await reader.read();
  const news = client.stream("numbers/progress", { param: { interval: 10 } });
  let [before, now] = [0, 0];
  for await (const { produced } of news) {
    [before, now] = [now, produced];
    if (now > 0 && now === before) break; // nobody reads: the handler waits
  }
  expect(now).toBeGreaterThan(1);

  const stranger = connect();
  for await (const { produced } of stranger.stream("numbers/progress", { param: { interval: 10 } })) {
    expect(produced).toBe(0);
    break;
  }
  await stranger.dispose();
  await reader.cancel();
  await client.dispose();
  await server.dispose();
});
