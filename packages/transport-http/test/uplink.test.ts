/** Uplink: numbers, several on their way, tries that fail, and when it gives up. Time is a fake clock. */
import { SluiceError } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import { expect, test } from "vitest";
import { type BatchOutcome, Uplink } from "../src/uplink.ts";

interface Try {
  readonly number: number;
  readonly at: number;
  readonly signal: AbortSignal;
  settle(outcome: BatchOutcome): Promise<void>;
  reject(): Promise<void>;
}

function world() {
  const clock = new FakeClock();
  const tries: Try[] = [];
  const told: string[] = [];
  const errors: SluiceError[] = [];
  const settled = (): Promise<void> => clock.advance(0);
  const uplink = new Uplink({
    clock,
    random: () => 1,
    post: (number, _batch, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        tries.push({
          number,
          signal,
          at: clock.now(),
          settle: (outcome) => {
            resolve(outcome);
            return settled();
          },
          reject: () => {
            reject(new Error("lost"));
            return settled();
          },
        });
      }),
    onRoom: () => void told.push("room"),
    onIdle: () => void told.push("idle"),
    onFailed: (error) => void errors.push(error),
  });
  return { clock, tries, told, errors, uplink };
}

const batch = Uint8Array.of(1);

test("Uplink sends nothing before it is open, then three batches at once, each with its number", async () => {
  const { uplink, tries, told } = world();
  for (let count = 0; count < 5; count++) uplink.push(batch);
  expect([tries.length, uplink.askForRoom()]).toEqual([0, false]);
  uplink.open();
  expect(tries.map(({ number }) => number)).toEqual([1, 2, 3]);
  await tries[1]?.settle("arrived");
  expect(tries.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(told).toEqual([]);
  for (const one of [0, 2, 3]) await tries[one]?.settle("arrived");
  expect(told).toEqual(["room"]);
  await tries[4]?.settle("arrived");
  expect(told).toEqual(["room", "idle"]);
});

test("Uplink tries again under the same number after a growing pause, also where the connection was lost", async () => {
  const { uplink, tries, clock, errors } = world();
  uplink.open();
  uplink.push(batch);
  await tries[0]?.settle("again");
  await clock.advance(100);
  await tries[1]?.reject();
  await clock.advance(200);
  await tries[2]?.settle("again");
  await clock.advance(400);
  await tries[3]?.settle("arrived");
  expect(tries.map(({ number, at }) => [number, at])).toEqual([
    [1, 0],
    [1, 100],
    [1, 300],
    [1, 700],
  ]);
  expect(errors).toEqual([]);
  expect(clock.armedTimers).toBe(0);
});

test("X46 Uplink ends a try after 10 s, and gives up after 20 s", async () => {
  const { uplink, tries, clock, errors } = world();
  uplink.open();
  uplink.push(batch);
  await clock.advance(10_000);
  expect(tries[0]?.signal.aborted).toBe(true);
  await clock.advance(100);
  expect(tries.length).toBe(2);
  await clock.advance(10_000);
  expect(errors.map(({ code }) => code)).toEqual(["UNAVAILABLE"]);
  expect([clock.armedTimers, tries.length]).toEqual([0, 2]);
});

test("Uplink fails at once where another try is of no use, and leaves nothing under way", async () => {
  const { uplink, tries, errors, told, clock } = world();
  uplink.open();
  uplink.push(batch);
  uplink.push(batch);
  await tries[0]?.settle(new SluiceError("PERMISSION_DENIED", "no"));
  expect(errors.map(({ code }) => code)).toEqual(["PERMISSION_DENIED"]);
  expect(tries[1]?.signal.aborted).toBe(true);
  expect([told, clock.armedTimers]).toEqual([[], 0]);
});

test("Uplink that was stopped tells nothing any more, also in the middle of a pause", async () => {
  const { uplink, tries, errors, told, clock } = world();
  uplink.open();
  uplink.push(batch);
  await tries[0]?.settle("again");
  uplink.stop();
  await clock.advance(60_000);
  expect([tries.length, errors, told, clock.armedTimers]).toEqual([1, [], [], 0]);
});
