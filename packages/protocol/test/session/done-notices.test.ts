/** When ends are confirmed: with the next write, at 256, or after 50 ms. Spec: docs/wire.md §4.9. */
import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { DoneNotices } from "../../src/session/done-notices.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

function setUp(): { clock: FakeClock; sent: number[][]; done: DoneNotices } {
  const clock = new FakeClock();
  const sent: number[][] = [];
  const done = new DoneNotices(clock, (calls) => sent.push([...calls]));
  return { clock, sent, done };
}

describe("DoneNotices", () => {
  it("wait for a write, which takes all of them along", () => {
    const { done, sent } = setUp();
    done.owe(1);
    done.owe(3);
    expect(sent).toEqual([]);
    done.flush();
    expect(sent).toEqual([[1, 3]]);
    done.flush();
    expect(sent).toEqual([[1, 3]]);
  });

  it("go by themselves after 50 ms, not before", async () => {
    const { clock, done, sent } = setUp();
    done.owe(1);
    await clock.advance(49);
    expect(sent).toEqual([]);
    done.owe(3);
    await clock.advance(1);
    expect(sent).toEqual([[1, 3]]);
    expect(clock.armedTimers).toBe(0);
  });

  it("go at once when 256 are owed", () => {
    const { done, sent } = setUp();
    for (let call = 1; call <= 511; call += 2) done.owe(call);
    expect(sent.map((calls) => calls.length)).toEqual([256]);
    done.owe(513);
    expect(sent).toHaveLength(1);
  });

  it("owe nobody more than 50 ms, also after a write came in between, and arm one timer", async () => {
    const { clock, done, sent } = setUp();
    done.owe(1);
    await clock.advance(30);
    done.flush();
    done.owe(3);
    expect(clock.armedTimers).toBe(1);
    await clock.advance(20);
    expect(sent).toEqual([[1], [3]]);
    await clock.advance(1000);
    expect(sent).toEqual([[1], [3]]);
    done.owe(5);
    await clock.advance(50);
    expect(sent).toEqual([[1], [3], [5]]);
  });

  it("are forgotten, and their timer with them, when the session ends", async () => {
    const { clock, done, sent } = setUp();
    done.owe(1);
    done.dispose();
    expect(clock.armedTimers).toBe(0);
    await clock.advance(100);
    done.flush();
    expect(sent).toEqual([]);
  });

  it("keep no process alive: their timer is one of the background", () => {
    const options: unknown[] = [];
    const clock: Clock = {
      now: () => 0,
      setTimer: (_delayMs, _callback, given) => {
        options.push(given);
        return { cancel() {} };
      },
    };
    new DoneNotices(clock, () => {}).owe(1);
    expect(options).toEqual([{ background: true }]);
  });

  it("of a session without calls end with it", () => {
    const { clock, done, sent } = setUp();
    done.flush();
    done.dispose();
    expect([sent, clock.armedTimers]).toEqual([[], 0]);
  });
});
