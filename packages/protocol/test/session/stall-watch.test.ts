/** Frames that stop in the middle, on a link that a test cuts into chunks. Spec: docs/wire.md §4.10; RELIABILITY X22, X29. */
import { describe, expect, it } from "vitest";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { ByteLink } from "../../src/link/byte-link.ts";
import type { Link } from "../../src/link/link.ts";
import { Heartbeat, type HeartbeatOptions } from "../../src/session/heartbeat.ts";
import { StallWatch } from "../../src/session/stall-watch.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { encode, FakeByteDuplex, NotingReceiver } from "../link/fake-byte-duplex.ts";
import { data } from "./frames.ts";
import { bytesOf } from "./session-pair.ts";

/** A link that brings what a test hands it, watched by nothing but a heartbeat. */
class ChunkedLink {
  readonly clock = new FakeClock();
  readonly duplex = new FakeByteDuplex();
  readonly receiver = new NotingReceiver();
  readonly pings: number[] = [];
  /** When the link ended, and why. */
  end: string | undefined;
  readonly heartbeat: Heartbeat;

  constructor(options: Partial<HeartbeatOptions> = {}) {
    const link = new ByteLink(this.duplex);
    this.heartbeat = new Heartbeat(link, {
      clock: this.clock,
      heartbeat: 15_000,
      deadAfter: 3_600_000,
      stallTimeout: 30_000,
      calls: { endStalled: () => Number.POSITIVE_INFINITY },
      ping: () => void this.pings.push(this.clock.now()),
      ...options,
    });
    link.receive(
      Object.assign(this.receiver, {
        arrived: () => this.heartbeat.arrived(),
        closed: (error: Error | undefined) => {
          this.end = `${this.clock.now()} ${error?.message}`;
          this.heartbeat.stop();
        },
      }),
    );
  }

  arrive(bytes: Uint8Array): void {
    this.duplex.events.data(bytes);
  }
}

const frame: Frame = data(0, bytesOf(20_000), { total: 20_000, more: false });
const bytes = encode(frame);
const ping = encode({ type: FrameType.PING, call: 0, answer: false, nonce: 1 });
const standsStill = "The link stood still in the middle of a frame for";

describe("a frame that stops in the middle", () => {
  it.each([1, 4, 8, 9, 100, 1_024, 5_000, bytes.length - 1])(
    "X22 LM-9 after %i bytes ends its link after stallTimeout, and not before",
    async (have) => {
      const link = new ChunkedLink();
      // It begins at any moment, whenever the watch last looked.
      await link.clock.advance(20_000);
      link.arrive(bytes.subarray(0, have));
      await link.clock.advance(29_999);
      expect(link.end).toBeUndefined();
      await link.clock.advance(1);
      expect([link.end, link.clock.armedTimers]).toEqual([`50000 ${standsStill} 30000 ms`, 0]);
    },
  );

  it.each([10, 200, 14_999, 15_000, 40_000])(
    "X22 LM-9 is found exactly then, also where stallTimeout is %i ms, and whatever came before",
    async (stallTimeout) => {
      for (const beginsAt of [0, 1, 150, 14_999, 15_001, 31_000]) {
        const link = new ChunkedLink({ stallTimeout });
        await link.clock.advance(beginsAt);
        // The end of a frame, all of another, and the beginning of a third.
        link.arrive(new Uint8Array([...bytes, ...ping, ...bytes.subarray(0, 700)]));
        await link.clock.advance(stallTimeout - 1);
        expect(link.end).toBeUndefined();
        await link.clock.advance(1);
        expect(link.end).toBe(`${beginsAt + stallTimeout} ${standsStill} ${stallTimeout} ms`);
      }
    },
  );

  it("REL-F2 that goes on byte by byte stands still: a KiB has to come in time", async () => {
    const link = new ChunkedLink();
    for (let at = 0; at < 60 && link.end === undefined; at++) {
      link.arrive(bytes.subarray(at, at + 1));
      await link.clock.advance(1_000);
    }
    expect(link.end).toBe(`30000 ${standsStill} 30000 ms`);
  });

  it("X5 that goes on slowly arrives", async () => {
    const link = new ChunkedLink();
    for (let at = 0; at < bytes.length; at += 1_024) {
      link.arrive(bytes.subarray(at, at + 1_024));
      await link.clock.advance(29_999);
    }
    expect([link.end, link.receiver.notes.length]).toEqual([undefined, 1]);
    link.heartbeat.stop();
  });

  it("is no concern once it has ended, however long the silence after it", async () => {
    const link = new ChunkedLink();
    link.arrive(bytes.subarray(0, 500));
    await link.clock.advance(29_000);
    link.arrive(bytes.subarray(500));
    await link.clock.advance(600_000);
    expect([link.end, link.receiver.notes.length]).toEqual([undefined, 1]);
    link.heartbeat.stop();
    expect(link.clock.armedTimers).toBe(0);
  });

  it("is another one than that before it, also where the two break off at the same byte", async () => {
    const link = new ChunkedLink();
    link.arrive(bytes.subarray(0, 700));
    await link.clock.advance(29_000);
    link.arrive(new Uint8Array([...bytes.subarray(700), ...bytes.subarray(0, 700)]));
    await link.clock.advance(29_999);
    expect(link.end).toBeUndefined();
    await link.clock.advance(1);
    expect(link.end).toBe(`59000 ${standsStill} 30000 ms`);
  });

  it("costs one timer, armed when it fires", async () => {
    const link = new ChunkedLink();
    for (let at = 0; at < 1_000; at++) {
      link.arrive(bytes.subarray(0, 5_000));
      link.arrive(bytes.subarray(5_000));
      expect(link.clock.armedTimers).toBe(1);
    }
    link.heartbeat.stop();
  });
});

describe("StallWatch, of a message of which pieces are missing", () => {
  const idle = { unfinished: 0 } as unknown as Link;

  /** A watch of a link between frames, whose calls note what they are asked, and miss something since `since`. */
  function watchCalls(since = Number.POSITIVE_INFINITY): { watch: StallWatch; asked: [number, number][] } {
    const asked: [number, number][] = [];
    const endStalled = (before: number, from: number): number => {
      asked.push([before, from]);
      return since;
    };
    return { watch: new StallWatch(idle, { endStalled }, 30_000, 1_000), asked };
  }

  it("ends the calls that have missed something for stallTimeout, and none while it is in doubt", () => {
    const { watch, asked } = watchCalls();
    watch.look(40_000, 39_000, false);
    watch.look(40_000, 39_000, true);
    expect(asked).toEqual([
      [10_000, 1_000],
      [Number.NEGATIVE_INFINITY, 1_000],
    ]);
  });

  it("counts nothing from before a stop of this process", () => {
    const { watch, asked } = watchCalls();
    watch.restart(35_000);
    watch.look(40_000, 39_000, false);
    expect(asked).toEqual([[10_000, 35_000]]);
  });

  it("says in how many ms the first of the others may have stalled", () => {
    expect(watchCalls(25_000).watch.look(40_000, 39_000, false)).toBe(15_000);
    expect(watchCalls().watch.look(40_000, 39_000, false)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("X29 a program that computes for 5 s", () => {
  it.each([
    ["finds the rest of a frame that came meanwhile before it judges", bytes.subarray(500), 0],
    ["finds a sign of life that came meanwhile before it judges", ping, 0],
  ])("%s", async (_name, late) => {
    const isFrame = late !== ping;
    const link = new ChunkedLink(isFrame ? {} : { deadAfter: 30_000 });
    if (isFrame) link.arrive(bytes.subarray(0, 500));
    await link.clock.advance(27_000);
    link.clock.stopFor(5_000);
    // Timers that are due come first, then what has arrived.
    await link.clock.advance(0);
    link.arrive(late);
    await link.clock.advance(10_000);
    expect(link.end).toBeUndefined();
    expect(link.pings.length).toBeLessThanOrEqual(2);
    link.heartbeat.stop();
  });

  it("ends a link that has brought nothing meanwhile either", async () => {
    const link = new ChunkedLink();
    link.arrive(bytes.subarray(0, 500));
    await link.clock.advance(27_000);
    link.clock.stopFor(5_000);
    await link.clock.advance(0);
    expect(link.end).toBeUndefined();
    await link.clock.advance(1);
    expect(link.end).toBe(`32001 ${standsStill} 30000 ms`);
  });

  it("gives a frame all its time again after a stop of more than a heartbeat", async () => {
    const link = new ChunkedLink();
    link.arrive(bytes.subarray(0, 500));
    link.clock.stopFor(600_000);
    await link.clock.advance(0);
    await link.clock.advance(29_999);
    expect(link.end).toBeUndefined();
    await link.clock.advance(1);
    expect(link.end).toBe(`630000 ${standsStill} 30000 ms`);
  });
});
