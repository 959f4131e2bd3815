/** Writers that wait for the limit, for the link and for the budget, in order. Spec: docs/wire.md §2, §7. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { SendBudget } from "../../src/session/send-budget.ts";
import { mostAhead, WriteWaiters, writeAfterEnd } from "../../src/session/write-waiters.ts";
import { settle } from "./settle.ts";

function setUp({ limit = 0, sent = 0, maxBuffered = 1_000 } = {}): {
  readonly direction: { readonly window: { limit: number }; sent: number };
  readonly budget: SendBudget;
  readonly waiters: WriteWaiters;
  /** Who went on, in order. */
  readonly log: string[];
  wait(offset: number): void;
} {
  const direction = { window: { limit }, sent };
  const budget = new SendBudget(maxBuffered);
  const waiters = new WriteWaiters(direction, budget);
  const log: string[] = [];
  const wait = (offset: number): void => {
    waiters.wait(offset).then(
      () => log.push(`${offset}`),
      (error: SluiceError) => log.push(`${offset} ${error.code}`),
    );
  };
  return { direction, budget, waiters, log, wait };
}

/** Sends `bytes` that nobody has confirmed. */
function sendTo(budget: SendBudget, bytes: number): void {
  budget.keep(bytes, true);
  budget.sent(bytes);
}

describe("WriteWaiters", () => {
  it("let a writer go on at once whose item lies within the limit, to the byte", async () => {
    const { wait, log } = setUp({ limit: 100 });
    wait(100);
    wait(101);
    await settle();
    expect(log).toEqual(["100"]);
  });

  it("let them go on in order, each when the limit has reached it, and once", async () => {
    const { direction, waiters, wait, log } = setUp();
    for (const offset of [10, 20, 20, 30]) wait(offset);
    for (const [limit, expected] of [
      [9, []],
      [10, ["10"]],
      [20, ["10", "20", "20"]],
      [20, ["10", "20", "20"]],
      [1_000, ["10", "20", "20", "30"]],
    ] as const) {
      direction.window.limit = limit;
      waiters.wake();
      await settle();
      expect(log, `limit ${limit}`).toEqual(expected);
    }
  });

  it("let little of a direction wait for the link, however far its peer's limit is", async () => {
    const { direction, waiters, wait, log } = setUp({ limit: 10 * mostAhead, sent: 500 });
    wait(500 + mostAhead);
    wait(501 + mostAhead);
    await settle();
    expect(log).toEqual([`${500 + mostAhead}`]);
    direction.sent++;
    waiters.wake();
    await settle();
    expect(log).toHaveLength(2);
  });

  it("wait for the budget where it is full, and go on when there is room", async () => {
    const { budget, wait, log } = setUp({ limit: 100 });
    sendTo(budget, 1_000);
    wait(10);
    wait(20);
    await settle();
    expect(log).toEqual([]);
    budget.free(1);
    await settle();
    expect(log).toEqual(["10", "20"]);
  });

  it("do not ask the budget for who has to wait for the limit", async () => {
    const { budget, direction, waiters, wait, log } = setUp({ limit: 5 });
    sendTo(budget, 1_000);
    wait(10);
    budget.free(1_000);
    await settle();
    expect(log).toEqual([]);
    direction.window.limit = 10;
    waiters.wake();
    await settle();
    expect(log).toEqual(["10"]);
  });

  it("move with what they wait for", async () => {
    const { direction, waiters, wait, log } = setUp();
    wait(10);
    wait(20);
    waiters.shift(100);
    direction.window.limit = 109;
    waiters.wake();
    await settle();
    expect(log).toEqual([]);
    direction.window.limit = 110;
    waiters.wake();
    await settle();
    expect(log).toEqual(["10"]);
    waiters.shift(-50);
    waiters.wake();
    await settle();
    expect(log).toEqual(["10", "20"]);
  });

  it("all go on when nothing is waited for any more, or fail with what is said", async () => {
    for (const [error, expected] of [
      [undefined, ["10", "20"]],
      [writeAfterEnd(), ["10 CANCELLED", "20 CANCELLED"]],
      [new SluiceError("UNAVAILABLE", "gone"), ["10 UNAVAILABLE", "20 UNAVAILABLE"]],
    ] as const) {
      const { waiters, wait, log } = setUp();
      wait(10);
      wait(20);
      waiters.settle(error);
      await settle();
      expect(log).toEqual(expected);
    }
  });

  it("fail whom the budget made wait, though there is room later", async () => {
    const { budget, waiters, wait, log } = setUp({ limit: 100 });
    sendTo(budget, 1_000);
    wait(10);
    waiters.settle(writeAfterEnd());
    budget.free(1_000);
    await settle();
    expect(log).toEqual(["10 CANCELLED"]);
  });

  it("that went on ask nothing of a budget that is full later", async () => {
    const { budget, waiters, wait, log } = setUp({ limit: 100 });
    wait(10);
    wait(20);
    await settle();
    expect(log).toEqual(["10", "20"]);
    sendTo(budget, 1_000);
    let asked = 0;
    budget.wait = () => {
      asked++;
    };
    waiters.wake();
    expect(asked).toBe(0);
    wait(30);
    expect(asked).toBe(1);
  });

  it("can be woken when nobody waits, before and after all is settled", () => {
    const { waiters } = setUp({ limit: 100 });
    waiters.wake();
    waiters.settle();
    expect(() => waiters.wake()).not.toThrow();
  });

  it("withdraw from the budget once all is settled", () => {
    const { budget, waiters, wait } = setUp({ limit: 100 });
    const withdrawn: unknown[] = [];
    sendTo(budget, 1_000);
    wait(10);
    budget.withdraw = (wake) => {
      withdrawn.push(wake);
    };
    waiters.settle();
    expect(withdrawn).toEqual([waiters.wake]);
  });
});

describe("writeAfterEnd", () => {
  it("is CANCELLED, and says that the call is over", () => {
    expect(writeAfterEnd()).toMatchObject({ code: "CANCELLED", message: "Cannot write: the call has ended" });
  });
});
