/** Links that go silent: a PING, then the end. Spec: docs/wire.md §4.10. */
import { describe, expect, it } from "vitest";
import type { Link } from "../../src/link/link.ts";
import { Heartbeat, type HeartbeatOptions } from "../../src/session/heartbeat.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { MemoryWire } from "./memory-wire.ts";

/** One that also tells the time on the wall, which goes on while the machine sleeps. */
class SleepingClock extends FakeClock {
  #sleptMs = 0;

  wallNow(): number {
    return 1_700_000_000_000 + this.now() + this.#sleptMs;
  }

  sleep(ms: number): void {
    this.#sleptMs += ms;
  }
}

class SilentLink {
  readonly clock: FakeClock;
  readonly events: string[] = [];
  readonly heartbeat: Heartbeat;
  readonly link: Link & { inbound?: number | undefined };

  constructor(
    isWatched = true,
    timings: Partial<HeartbeatOptions> & Pick<HeartbeatOptions, "heartbeat" | "deadAfter"> = {
      heartbeat: 15_000,
      deadAfter: 30_000,
    },
    clock: FakeClock = new FakeClock(),
  ) {
    this.clock = clock;
    const { connector } = new MemoryWire();
    connector.receive({
      frame() {},
      malformed() {},
      flushing() {},
      writable() {},
      closed: (error) => this.note(`dead: ${error?.message}`),
    });
    this.link = connector;
    if (isWatched) this.link.inbound = 0;
    const ping = (): void => this.note("ping");
    this.heartbeat = new Heartbeat(this.link, {
      clock: this.clock,
      stallTimeout: 30_000,
      calls: { endStalled: () => Number.POSITIVE_INFINITY },
      ...timings,
      ping,
    });
  }

  note(what: string): void {
    this.events.push(`${this.clock.now() / 1000} s ${what}`);
  }

  arrive(): void {
    this.heartbeat.arrived();
  }
}

describe("a link that goes silent", () => {
  it("X3 is asked once after 15 s, and is dead after 30 s", async () => {
    const { clock, events } = new SilentLink();
    await clock.advance(60_000);
    expect(events).toEqual(["15 s ping", "30 s dead: The link brought nothing for 30000 ms"]);
    expect(clock.armedTimers).toBe(0);
  });

  it("lives while anything comes within 30 s, whatever it is", async () => {
    const { clock, events, ...link } = new SilentLink();
    const silent = new SilentLink();
    for (let minute = 0; minute < 10; minute++) {
      await silent.clock.advance(29_000);
      silent.arrive();
    }
    expect(silent.events.filter((event) => event.includes("dead"))).toEqual([]);
    expect(silent.events.length).toBeGreaterThan(5);
    link.heartbeat.stop();
    await clock.advance(1);
    expect([events, clock.armedTimers]).toEqual([[], 0]);
  });

  it("X3 X4 is dead 30 s after its last byte, wherever that falls", async () => {
    for (let lastAt = 500; lastAt < 70_000; lastAt += 700) {
      const silent = new SilentLink();
      for (let at = 0; at + 10_000 < lastAt; at += 10_000) {
        await silent.clock.advance(10_000);
        silent.arrive();
      }
      await silent.clock.advance(lastAt - silent.clock.now());
      silent.arrive();
      await silent.clock.advance(60_000);
      expect(silent.events).toEqual([
        `${(lastAt + 15_000) / 1000} s ping`,
        `${(lastAt + 30_000) / 1000} s dead: The link brought nothing for 30000 ms`,
      ]);
    }
  });

  it.each([
    [15_000, 30_000],
    [2_000, 6_000],
    [50, 150],
    [15_000, 20_000],
    [1_000, 10_000],
  ])(
    "of which %i ms is asked and %i ms is the end, lives by nothing but answers, however late",
    async (heartbeat, deadAfter) => {
      for (const lateMs of [0, 1, heartbeat - 1, heartbeat, heartbeat + 1, deadAfter - heartbeat - 1]) {
        if (lateMs >= deadAfter - heartbeat) continue;
        const silent = new SilentLink(true, { heartbeat, deadAfter });
        for (let answers = 1; answers <= 20; answers++) {
          // A PING goes out this long after the last answer, and exactly one.
          await silent.clock.advance(heartbeat);
          expect([lateMs, answers, silent.events.length]).toEqual([lateMs, answers, answers]);
          await silent.clock.advance(lateMs);
          silent.arrive();
        }
        const endsAt = silent.clock.now() + deadAfter;
        await silent.clock.advance(2 * deadAfter);
        const [ping, dead, ...more] = silent.events.slice(20);
        expect([ping, more]).toEqual([expect.stringMatching(/ping$/), []]);
        expect(Number.parseFloat(dead as string)).toBeCloseTo(endsAt / 1_000, 6);
      }
    },
  );

  it("is found dead where times are fractions that do not add up", async () => {
    const { clock, events, ...silent } = new SilentLink();
    for (let arrivals = 1; arrivals <= 50; arrivals++) {
      await clock.advance(1_000.1);
      silent.heartbeat.arrived();
    }
    await clock.advance(30_001);
    expect(events).toEqual([
      expect.stringMatching(/^65.0\d* s ping$/),
      expect.stringMatching(/^80.0\d* s dead/),
    ]);
  });

  it("X13 X27 is asked first where this process itself was stopped for longer, and has as long to answer", async () => {
    const { clock, events, heartbeat } = new SilentLink();
    // The timers of a stopped process fire late.
    clock.stopFor(40_000);
    await clock.advance(0);
    expect(events).toEqual(["40 s ping"]);
    await clock.advance(14_999);
    expect(events).toEqual(["40 s ping"]);
    await clock.advance(1);
    expect(events).toEqual(["40 s ping", "55 s dead: The link brought nothing for 30000 ms"]);
    heartbeat.stop();
  });

  it("X13 is asked again where this process was stopped after it had asked: the answer may be there, unread", async () => {
    const { clock, events, heartbeat } = new SilentLink();
    await clock.advance(16_000);
    clock.stopFor(100_000);
    await clock.advance(0);
    expect(events).toEqual(["15 s ping", "116 s ping"]);
    heartbeat.arrived();
    await clock.advance(14_999);
    expect(events.length).toBe(2);
    heartbeat.stop();
    expect(clock.armedTimers).toBe(0);
  });

  it("X26 X27 is asked within a second of the end of a sleep that no timer has noticed, and has 15 s to answer", async () => {
    const clock = new SleepingClock();
    const { events, heartbeat } = new SilentLink(true, undefined, clock);
    await clock.advance(9_000);
    heartbeat.arrived();
    await clock.advance(500);
    clock.sleep(600_000);
    await clock.advance(1_000);
    expect(events).toEqual(["10 s ping"]);
    await clock.advance(30_000);
    expect(events).toEqual(["10 s ping", "25 s dead: The link brought nothing for 30000 ms"]);
    heartbeat.stop();
    expect(clock.armedTimers).toBe(0);
  });

  it("X27 that answers after a sleep lives on as before", async () => {
    const clock = new SleepingClock();
    const { events, heartbeat } = new SilentLink(true, undefined, clock);
    clock.sleep(600_000);
    await clock.advance(1_000);
    heartbeat.arrived();
    await clock.advance(20_000);
    expect(events).toEqual(["1 s ping", "16 s ping"]);
    heartbeat.stop();
  });

  it.each([-3_600_000, -1, 1, 15_000])(
    "X26 is not asked where the wall's clock jumps by %d ms",
    async (jumpMs) => {
      const clock = new SleepingClock();
      const { events, heartbeat } = new SilentLink(true, undefined, clock);
      clock.sleep(jumpMs);
      await clock.advance(14_999);
      expect(events).toEqual([]);
      await clock.advance(1);
      expect(events).toEqual(["15 s ping"]);
      heartbeat.stop();
    },
  );

  it("of many, each is asked after a sleep, and the last to go takes the watch with it", async () => {
    const clock = new SleepingClock();
    const links = Array.from({ length: 3 }, () => new SilentLink(true, undefined, clock));
    expect(clock.armedTimers).toBe(4);
    links[1]?.heartbeat.stop();
    clock.sleep(20_000);
    await clock.advance(1_000);
    expect(links.map(({ events }) => events.length)).toEqual([1, 0, 1]);
    for (const { heartbeat } of links) heartbeat.stop();
    expect(clock.armedTimers).toBe(0);
  });

  it("is not watched if it cannot vanish without a word", async () => {
    const { clock, events } = new SilentLink(false);
    expect(clock.armedTimers).toBe(0);
    await clock.advance(100_000);
    expect(events).toEqual([]);
  });
});
