/** Turns by microtask, until they have taken too long. */
import { FakeClock } from "@sluice/protocol/testing";
import { expect, test } from "vitest";
import { TurnQueue } from "../src/turn-queue.ts";

/** A clock that a task moves by hand, without firing anything. */
class SteppedClock extends FakeClock {
  #extra = 0;

  override now(): number {
    return super.now() + this.#extra;
  }

  step(ms: number): void {
    this.#extra += ms;
  }
}

test("tasks run in order, soon, and not at once", async () => {
  const queue = new TurnQueue(new FakeClock());
  const ran: number[] = [];
  for (let task = 0; task < 3; task++) queue.defer(() => void ran.push(task));
  expect(ran).toEqual([]);
  await Promise.resolve();
  expect(ran).toEqual([0, 1, 2]);
});

test("after 20 ms of microtasks the next task waits for a turn of the event loop", async () => {
  const clock = new SteppedClock();
  const queue = new TurnQueue(clock);
  const ran: string[] = [];
  queue.defer(() => {
    ran.push("first");
    clock.step(19);
    queue.defer(() => {
      ran.push("second");
      clock.step(1);
      queue.defer(() => ran.push("third"));
    });
  });
  for (let round = 0; round < 10; round++) await Promise.resolve();
  expect(ran).toEqual(["first", "second"]);
  await clock.advance(0);
  expect(ran).toEqual(["first", "second", "third"]);
  queue.defer(() => ran.push("fourth"));
  await Promise.resolve();
  expect(ran.at(-1)).toBe("fourth");
});

test("a task that waits for a timer is not overtaken by one that does not", async () => {
  const clock = new SteppedClock();
  const queue = new TurnQueue(clock);
  const ran: string[] = [];
  queue.defer(() => {
    clock.step(20);
    queue.defer(() => ran.push("has to wait for a timer"));
  });
  await Promise.resolve();
  clock.setTimer(0, () => ran.push("the timer before it"));
  // The first timer opens a new turn; what is deferred in it would be a microtask.
  const opened = clock.advance(0);
  await Promise.resolve();
  queue.defer(() => ran.push("would not"));
  await opened;
  expect(ran.filter((name) => name !== "the timer before it")).toEqual([
    "has to wait for a timer",
    "would not",
  ]);
});
