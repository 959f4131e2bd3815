/** A reader that stops, on every link and in both directions: its writer stops at the window, and nothing else is held up. */
import { describe, expect, test } from "vitest";
import type { Cell, Passed } from "./matrix.ts";
import { matrix } from "./matrix.ts";
import { aborted, comesToRest, inWorld, standsStill, turns, type World } from "./world.ts";

const KiB = 1_024;
const window = 64 * KiB;
/** A message of 1,024 offset bytes, whatever the link counts. */
function itemFor(cell: Cell): Uint8Array {
  const isStructured = cell.kind === "structured";
  return new Uint8Array(isStructured ? 704 : 960);
}

/** Proves that nothing has moved in `direction` beyond the window, and that nothing moves in 1,000 further turns. */
async function proveStandstill(
  cell: Cell,
  { wire }: World,
  direction: keyof Passed,
  before: Passed,
  accepted: () => number,
): Promise<void> {
  await comesToRest(accepted, 64, "items that were accepted");
  const least = cell.counts === "offsets" ? window : window / 2 + 1;
  await comesToRest(() => wire.passed()[direction] - before[direction], least, "bytes that passed");
  const passed = wire.passed()[direction] - before[direction];
  if (cell.counts === "offsets") {
    // The caller's direction begins with the param: 64 offset bytes at least.
    expect(passed).toBeGreaterThanOrEqual(window);
    expect(passed).toBeLessThanOrEqual(window + 512);
  } else {
    expect(passed).toBeGreaterThan(window / 2);
    expect(passed).toBeLessThan(window + 4 * KiB);
  }
  expect(accepted()).toBe(64);
  const { up, down } = wire.passed();
  await turns(1_000);
  expect(wire.passed()).toEqual({ up, down });
  expect(accepted()).toBe(64);
}

describe.each(matrix)("backpressure over $name", (cell) => {
  test("FC-1 a client that stops reading stops its handler at the window", () => {
    let accepted = 0;
    return inWorld(
      cell,
      {
        handlers: {
          async "bytes/pour"({ writable, signal }) {
            const writer = writable.getWriter();
            while (!signal.aborted) {
              await writer.write(itemFor(cell));
              accepted++;
            }
            return accepted;
          },
        },
      },
      async (world) => {
        await world.client.ready;
        const before = world.wire.passed();
        const stream = world.client.stream("bytes/pour", { param: { size: 0 } });
        await proveStandstill(cell, world, "down", before, () => accepted);
        expect(stream.stats.buffered).toBe(window);
        // It goes on as soon as somebody reads.
        const reader = stream.readable.getReader();
        for (let taken = 0; taken < 200; taken++) expect((await reader.read()).done).toBe(false);
        expect(accepted).toBeGreaterThan(200);
        await reader.cancel();
        await stream;
      },
    );
  });

  test("FC-1 a handler that stops reading stops its client at the window", () =>
    inWorld(
      cell,
      {
        handlers: {
          async "files/upload"({ signal }) {
            await aborted(signal);
            return 0;
          },
        },
      },
      async (world) => {
        await world.client.ready;
        const before = world.wire.passed();
        const upload = world.client.channel("files/upload");
        const writer = upload.writable.getWriter();
        let accepted = 0;
        const writing = (async () => {
          for (;;) {
            await writer.write(itemFor(cell));
            accepted++;
          }
        })();
        await proveStandstill(cell, world, "up", before, () => accepted);
        expect(upload.stats.credit).toBe(0);
        upload.abort();
        await expect(writing).rejects.toMatchObject({ code: "CANCELLED" });
        await expect(upload).rejects.toMatchObject({ code: "CANCELLED" });
      },
    ));

  test("a writer that is not awaited is bounded, and says so", () => {
    const failures: unknown[] = [];
    return inWorld(
      cell,
      {
        server: { limits: { maxBuffered: 4 * KiB * KiB, maxMessage: KiB * KiB } },
        handlers: {
          async "bytes/pour"({ writable }) {
            const writer = writable.getWriter();
            const item = new Uint8Array(16 * KiB);
            for (let count = 0; count < 1_000; count++) {
              writer.write(item).catch((reason: { code: string }) => failures.push(reason.code));
            }
            await turns(1);
            return failures.length;
          },
        },
      },
      async ({ client }) => {
        const refused = await client.stream("bytes/pour", { param: { size: 0 } }).drain();
        expect(refused).toBeGreaterThan(300);
        expect(new Set(failures)).toEqual(new Set(["RESOURCE_EXHAUSTED"]));
      },
    );
  });

  test("FC-11 a message larger than the window arrives, in every place", () => {
    const large = new Uint8Array(KiB * KiB).map((_, at) => at % 251);
    const isLarge = (value: Uint8Array): boolean => Buffer.from(value).equals(large);
    return inWorld(
      cell,
      {
        handlers: {
          async *"bytes/pour"() {
            yield large;
            yield large;
            return large.length;
          },
          async "files/upload"({ readable }) {
            let equal = 0;
            for await (const chunk of readable) if (isLarge(chunk)) equal++;
            return equal;
          },
        },
      },
      async ({ client }) => {
        expect(isLarge(await client.request("bytes/echo", { param: large }))).toBe(true);
        for await (const item of client.stream("bytes/pour", { param: { size: 0 } }))
          expect(isLarge(item)).toBe(true);
        const upload = client.channel("files/upload");
        await upload.send(large);
        await upload.send(large);
        await upload.writable.close();
        expect(await upload).toBe(2);
      },
    );
  });

  test("FC-4 64 streams that stall do not keep a 65th from starting and finishing", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stalled = Array.from({ length: 64 }, () =>
        client.stream("bytes/pour", { param: { size: 8 * KiB } }),
      );
      for (const stream of stalled) await stream.readable.getReader().read();
      await standsStill(() => stalled.reduce((sum, { stats }) => sum + stats.received, 0));
      let bytes = 0;
      const stream = client.stream("bytes/pour", { param: { size: 16 * KiB, count: 64 } });
      for await (const item of stream) bytes += item.length;
      expect([bytes, await stream]).toEqual([KiB * KiB, 64]);
      expect(await client.request("math/add", { param: { a: 1, b: 1 } })).toBe(2);
      for (const one of stalled) one.abort();
    }));

  test("a slow reader gets every item, in order", () =>
    inWorld(cell, {}, async ({ client }) => {
      let next = 1;
      for await (const { n } of client.stream("numbers/count", { param: { to: 3_000 } })) {
        expect(n).toBe(next++);
        if (n % 50 === 0) await turns(3);
      }
      expect(next).toBe(3_001);
    }));

  test("drain() takes what nobody wants, and gives the result", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("bytes/pour", { param: { size: 10 * KiB, count: 300 } });
      expect(await stream.drain()).toBe(300);
    }));

  test("FC-11 drain() takes messages larger than the window, too", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("bytes/pour", { param: { size: KiB * KiB, count: 3 } });
      expect(await stream.drain()).toBe(3);
    }));

  test("nothing is buffered once everything was read", () =>
    inWorld(cell, {}, async ({ client }) => {
      const read = client.stream("numbers/count", { param: { to: 10 } });
      for await (const _ of read);
      await read;
      const drained = client.stream("numbers/count", { param: { to: 10 } });
      await drained.drain();
      expect([read.stats.buffered, drained.stats.buffered]).toEqual([0, 0]);
    }));
});
