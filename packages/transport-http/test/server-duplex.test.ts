/** ServerDuplex: a response that is made as it is read, and what waits for a reader who does not. */
import { FakeClock } from "@sluice/protocol/testing";
import { FrameType, FrameWriter, standardUtf8 } from "@sluice/protocol/wire";
import { expect, test } from "vitest";
import { streamOfBody } from "../src/pulled-body.ts";
import { ServerDuplex } from "../src/server-duplex.ts";

function world(padding = 0) {
  const clock = new FakeClock();
  const told: string[] = [];
  const duplex = new ServerDuplex({
    info: { transport: "http" },
    clock,
    keepAlive: 15_000,
    padding,
    onClosed: () => void told.push("gone"),
  });
  const start = (): void =>
    duplex.start({
      data: (chunk) => void told.push(`data ${chunk.length}`),
      drained: () => void told.push("drained"),
      closed: () => void told.push("closed"),
    });
  return { clock, told, duplex, start, reader: streamOfBody(duplex).getReader() };
}

/** Chunks of a frame with so many payload bytes. */
function frame(bytes: number): Uint8Array[] {
  const writer = new FrameWriter(standardUtf8);
  writer.write({
    type: FrameType.DATA,
    call: 1,
    offset: 0,
    head: false,
    more: false,
    raw: false,
    total: bytes,
    payload: "x".repeat(bytes),
    start: 0,
    end: 0,
  });
  return writer.take();
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

test("FC-14 a response that nobody reads makes its session wait at 64 KiB, until it is read", async () => {
  const { duplex, start, reader, told } = world();
  start();
  await reader.read();
  await Promise.resolve();
  // Nobody has asked for more than this.
  void reader.read();
  expect(duplex.write(frame(1))).toBe(true);
  let written = 0;
  while (written < 1_000 && duplex.write(frame(1_000))) written++;
  expect(written).toBeGreaterThan(60);
  expect(written).toBeLessThan(66);
  expect(told).toEqual([]);
  const rest = await reader.read();
  expect(rest.value?.length).toBeGreaterThan(64 * 1024);
  expect(told).toEqual(["drained"]);
});

test("begins with a comment before anything is written, and goes on with events", async () => {
  const { duplex, start, reader } = world();
  start();
  expect(text((await reader.read()).value)).toMatch(/^: +\n\n$/);
  const next = reader.read();
  duplex.write(frame(3));
  expect(text((await next).value)).toBe("data: 1\ndata: [5,1,0] xxx\n\n");
  expect(duplex.lastEvent).toBe(1);
});

test("fills its writes up where that was asked for", async () => {
  const { duplex, start, reader } = world(4_096);
  start();
  expect((await reader.read()).value?.length).toBe(4_096);
  for (const bytes of [3, 4_000, 4_070]) {
    const next = reader.read();
    duplex.write(frame(bytes));
    const { value } = await next;
    expect(value?.length).toBeGreaterThanOrEqual(4_096);
    expect(text(value)).toMatch(
      /^data: \d\ndata: \[5,1,0\] x+\n\n:? *\n\n$|^data: \d\ndata: \[5,1,0\] x+\n\n$/,
    );
  }
});

test("X45 sends a comment after 15 s of silence, and none to who does not read", async () => {
  const { clock, duplex, start, reader } = world();
  start();
  await reader.read();
  const next = reader.read();
  await clock.advance(10_000);
  duplex.write(frame(1));
  await next;
  let comment = "";
  void reader.read().then(({ value }) => {
    comment = text(value);
  });
  await clock.advance(14_999);
  expect(comment).toBe("");
  await clock.advance(1);
  expect(comment).toBe(":\n\n");
  // Nobody asks now.
  await clock.advance(60_000);
  duplex.write(frame(1));
  expect(text((await reader.read()).value)).toBe("data: 2\ndata: [5,1,0] x\n\n");
});

test("ends behind what was written, and is over when its reader leaves", async () => {
  const one = world();
  one.start();
  await one.reader.read();
  one.duplex.write(frame(1));
  one.duplex.end();
  expect(one.told).toEqual([]);
  expect(text((await one.reader.read()).value)).toBe("data: 1\ndata: [5,1,0] x\n\n");
  expect(await one.reader.read()).toEqual({ value: undefined, done: true });
  expect(one.told).toEqual(["gone", "closed"]);

  const other = world();
  other.start();
  await other.reader.read();
  await other.reader.cancel();
  expect(other.told).toEqual(["gone", "closed"]);
  other.duplex.write(frame(1));
  other.duplex.destroy();
  expect(other.told).toEqual(["gone", "closed"]);
  expect([one.clock.armedTimers, other.clock.armedTimers]).toEqual([0, 0]);
});

test("keeps what comes before it is taken, in order, and its end behind that", async () => {
  const { duplex, start, reader, told } = world();
  duplex.receive(new Uint8Array(1));
  duplex.receive(new Uint8Array(2));
  await reader.cancel();
  start();
  await Promise.resolve();
  expect(told).toEqual(["gone", "data 1", "data 2", "closed"]);
});
