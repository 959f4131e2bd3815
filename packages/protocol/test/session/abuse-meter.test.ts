/** More than so many events in so long, exactly. Spec: docs/wire.md §4.14. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AbuseMeter } from "../../src/session/abuse-meter.ts";

describe("AbuseMeter", () => {
  it("allows 100 events in 10 s, and not 101", () => {
    const meter = new AbuseMeter({ events: 100, perMs: 10_000 });
    for (let i = 0; i < 100; i++) expect(meter.count(i)).toBe(false);
    expect(meter.count(9_999)).toBe(true);
  });

  it("forgets an event when its time is over", () => {
    const meter = new AbuseMeter({ events: 2, perMs: 1000 });
    expect([
      meter.count(0),
      meter.count(500),
      meter.count(1000),
      meter.count(1499),
      meter.count(1500),
    ]).toEqual([false, false, false, true, true]);
    expect(meter.count(3000)).toBe(false);
  });

  it("allows for ever what comes at exactly the rate", () => {
    const meter = new AbuseMeter({ events: 100, perMs: 10_000 });
    for (let i = 0; i < 10_000; i++) expect(meter.count(i * 100)).toBe(false);
  });

  it("says at every event whether more than `events` fell into the last `perMs`", () => {
    const rates = fc.record({
      events: fc.integer({ min: 1, max: 8 }),
      perMs: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(
        rates,
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 100, size: "max" }),
        (rate, gaps) => {
          const meter = new AbuseMeter(rate);
          const times: number[] = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            times.push(now);
            const recent = times.filter((time) => now - time < rate.perMs).length;
            expect(meter.count(now)).toBe(recent > rate.events);
          }
        },
      ),
    );
  });
});
