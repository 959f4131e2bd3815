/** Two ends in one process: who connects, who accepts, what is shared. */
import { FakeClock } from "@sluice/protocol/testing";
import { type Frame, FrameType, type Link, type SluiceError } from "@sluice/protocol/wire";
import { memoryTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";

interface Seen {
  readonly frames: Frame[];
  closed: number;
  error: SluiceError | undefined;
}

/** Receives on `link`; gives the frames that came, how often it ended, and why. */
function record(link: Link): Seen {
  const seen: Seen = { frames: [], closed: 0, error: undefined };
  link.receive({
    frame: (frame) => void seen.frames.push(frame),
    malformed() {},
    flushing() {},
    writable() {},
    closed(error) {
      seen.closed++;
      seen.error = error;
    },
  });
  return seen;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function dataOf(payload: unknown): Frame {
  const fields = { more: false, head: false, raw: false, total: 256, start: 0, end: 0 };
  return { type: FrameType.DATA, call: 1, offset: 0, ...fields, payload };
}

describe("memoryTransport", () => {
  test.each(["shared", "cloned", "bytes"] as const)(
    "links of %s values are of the right kind",
    async (values) => {
      const { client, server } = memoryTransport({ values });
      const links: Link[] = [];
      server.accept?.((link) => links.push(link));
      const near = await client.connect();
      const kind = values === "bytes" ? "binary" : "structured";
      expect([near.kind, links[0]?.kind, near.info]).toEqual([kind, kind, { transport: "memory" }]);
      near.destroy();
      await server.dispose();
    },
  );

  test("a connection waits for a server that comes later, and nothing is lost", async () => {
    const { client, server } = memoryTransport();
    const near = await client.connect();
    record(near);
    near.send({ type: FrameType.PING, call: 0, answer: false, nonce: 1 });
    await turns();
    const links: Link[] = [];
    server.accept?.((link) => links.push(link));
    const seen = record(links[0] as Link);
    await turns();
    expect(seen.frames).toEqual([{ type: FrameType.PING, call: 0, answer: false, nonce: 1 }]);
    near.destroy();
  });

  test("each end does its own part only", async () => {
    const { client, server } = memoryTransport();
    await expect(server.connect()).rejects.toThrow(TypeError);
    expect(() => client.accept?.(() => {})).toThrow(TypeError);
  });

  test("a server that is disposed of ends who waited, and takes no more", async () => {
    const { client, server } = memoryTransport();
    const seen = record(await client.connect());
    await server.dispose();
    await turns();
    expect(seen.closed).toBe(1);
    await expect(client.connect()).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    await client.dispose();
  });

  test("links that were made outlive both ends", async () => {
    const { client, server } = memoryTransport();
    const links: Link[] = [];
    server.accept?.((link) => links.push(link));
    const near = await client.connect();
    const seen = record(links[0] as Link);
    record(near);
    await Promise.all([client.dispose(), server.dispose()]);
    near.send({ type: FrameType.PING, call: 0, answer: false, nonce: 2 });
    await turns();
    expect(seen.frames.length).toBe(1);
    near.destroy();
  });

  test("shared values are the sender's own; cloned ones are not (REL-M4)", async () => {
    for (const values of ["shared", "cloned"] as const) {
      const { client, server } = memoryTransport({ values });
      const links: Link[] = [];
      server.accept?.((link) => links.push(link));
      const near = await client.connect();
      record(near);
      const seen = record(links[0] as Link);
      const value = { list: [1], bytes: Uint8Array.of(1) };
      near.send(dataOf(value));
      value.list.push(2);
      value.bytes[0] = 9;
      await turns();
      const [frame] = seen.frames;
      const received = frame !== undefined && "payload" in frame ? frame.payload : undefined;
      if (values === "shared") expect(received).toBe(value);
      else expect(received).toEqual({ list: [1], bytes: Uint8Array.of(1) });
      near.destroy();
    }
  });

  test("cloned values may be of any kind that travels; a Proxy arrives as what it shows", async () => {
    const { client, server } = memoryTransport({ values: "cloned" });
    const links: Link[] = [];
    server.accept?.((link) => links.push(link));
    const near = await client.connect();
    record(near);
    const seen = record(links[0] as Link);
    const value = {
      text: "a",
      none: null,
      absent: undefined,
      floats: Float32Array.of(1.5),
      raw: new ArrayBuffer(2),
    };
    near.send(dataOf(new Proxy(value, {})));
    await turns();
    const [frame] = seen.frames;
    expect(frame !== undefined && "payload" in frame && frame.payload).toStrictEqual(value);
    near.destroy();
  });

  test("a cloned value that can no longer be copied ends the link, behind what was sent before it", async () => {
    const { client, server } = memoryTransport({ values: "cloned" });
    const links: Link[] = [];
    server.accept?.((link) => links.push(link));
    const near = await client.connect();
    const here = record(near);
    const there = record(links[0] as Link);
    near.send(dataOf("before"));
    const changed = { list: [() => 1] };
    expect(near.send(dataOf(changed))).toBe(0);
    // Whoever sends is not interrupted by the end.
    expect([here.closed, near.room]).toEqual([0, 0]);
    near.send(dataOf("behind"));
    await turns();
    expect(there.frames.map((frame) => "payload" in frame && frame.payload)).toEqual(["before"]);
    expect([here.closed, there.closed]).toEqual([1, 1]);
    expect(here.error).toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        "Cannot send a message of call 1: it was changed between being written and being sent (a function does not travel). Pass a copy of a value that goes on changing",
    });
    expect(there.error).toBeUndefined();
  });

  test("a conversation in microtasks does not keep timers waiting", async () => {
    const { client, server } = memoryTransport();
    const links: Link[] = [];
    server.accept?.((link) => links.push(link));
    const near = await client.connect();
    const far = links[0] as Link;
    let count = 0;
    const answer = (link: Link) => ({
      frame: (frame: Frame) => {
        count++;
        link.send(frame);
      },
      malformed() {},
      flushing() {},
      writable() {},
      closed() {},
    });
    near.receive(answer(near));
    far.receive(answer(far));
    const timer = new Promise<void>((fired) => setTimeout(fired));
    near.send({ type: FrameType.PING, call: 0, answer: false, nonce: 3 });
    await timer;
    expect(count).toBeGreaterThan(0);
    near.destroy();
  });

  test("its time is the clock that it is given", async () => {
    const clock = new FakeClock();
    const { client, server } = memoryTransport({ clock });
    const links: Link[] = [];
    server.accept?.((link) => links.push(link));
    const near = await client.connect();
    record(near);
    const seen = record(links[0] as Link);
    near.send({ type: FrameType.PING, call: 0, answer: false, nonce: 1 });
    await turns();
    expect([seen.frames.length, clock.armedTimers]).toEqual([1, 1]);
    await clock.advance(30);
    expect(clock.armedTimers).toBe(0);
  });
});
