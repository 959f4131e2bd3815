/** The clock that stands still. */
import { expect, test } from "vitest";
import { FakeClock } from "../../src/testing/fake-clock.ts";

test("timers fire in the order of their times, each at its time", async () => {
  const clock = new FakeClock();
  const fired: [string, number][] = [];
  const arm = (name: string, delayMs: number) =>
    clock.setTimer(delayMs, () => void fired.push([name, clock.now()]));
  arm("late", 300);
  arm("first", 100);
  arm("second", 100);
  const cancelled = arm("never", 200);
  cancelled.cancel();
  cancelled.cancel();
  expect([clock.armedTimers, clock.nextTimerMs]).toEqual([3, 100]);
  await clock.advance(99);
  expect(fired).toEqual([]);
  await clock.advance(1);
  expect(fired).toEqual([
    ["first", 100],
    ["second", 100],
  ]);
  await clock.advance(1_000);
  expect(fired.at(-1)).toEqual(["late", 300]);
  expect([clock.now(), clock.armedTimers, clock.nextTimerMs]).toEqual([1_100, 0, undefined]);
});

test("a timer that a timer arms fires in the same advance, if it is due", async () => {
  const clock = new FakeClock();
  const at: number[] = [];
  const again = (): void => {
    at.push(clock.now());
    if (at.length < 5) clock.setTimer(10, again);
  };
  clock.setTimer(10, again);
  await clock.advance(35);
  expect(at).toEqual([10, 20, 30]);
});

test("promises that a timer settles run before the next timer", async () => {
  const clock = new FakeClock();
  const order: string[] = [];
  clock.setTimer(1, () => void Promise.resolve().then(() => order.push("reaction")));
  clock.setTimer(2, () => void order.push("timer"));
  await clock.advance(2);
  expect(order).toEqual(["reaction", "timer"]);
});

test("a delay below zero is due at once", async () => {
  const clock = new FakeClock();
  let fired = false;
  clock.setTimer(-5, () => {
    fired = true;
  });
  await clock.advance(0);
  expect([fired, clock.now()]).toEqual([true, 0]);
});
