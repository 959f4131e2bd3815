/** systemClock: monotonic, with timers of any length that can be cancelled at any time. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";

/** What `setTimeout` takes at most. */
const longest = 2 ** 31 - 1;
const day = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("systemClock.now", () => {
  test("goes on with time, and does not follow the wall clock", () => {
    const from = systemClock.now();
    vi.advanceTimersByTime(250);
    expect(systemClock.now() - from).toBe(250);
    vi.setSystemTime(0);
    expect(systemClock.now() - from).toBe(250);
  });
});

describe("systemClock.setTimer", () => {
  test.each([0, 1, 15_000, longest - 1, longest])("fires once after %i ms, and not before", (delay) => {
    const fired = vi.fn();
    systemClock.setTimer(delay, fired);
    expect(fired).not.toHaveBeenCalled();
    if (delay > 0) vi.advanceTimersByTime(delay - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
    expect(fired).toHaveBeenCalledWith();
    vi.advanceTimersByTime(100);
    expect(fired).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([longest + 1, 2 ** 32 - 1, 2 ** 32 + 1, 365 * day, 2 ** 53])(
    "fires once after %i ms, which is more than setTimeout takes",
    (delay) => {
      const setTimeout = vi.spyOn(globalThis, "setTimeout");
      const fired = vi.fn();
      systemClock.setTimer(delay, fired);
      // One long timeout behind the other, none of them too long; a few of them are enough to see.
      let left = delay;
      while (left > longest && setTimeout.mock.calls.length < 20) {
        vi.advanceTimersByTime(longest);
        left -= longest;
        expect(vi.getTimerCount()).toBe(1);
      }
      for (const [, ms] of setTimeout.mock.calls) expect(ms).toBeLessThanOrEqual(longest);
      expect(fired).not.toHaveBeenCalled();
      if (left > longest) return;
      vi.advanceTimersByTime(left - 1);
      expect(fired).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(fired).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test("fires in time although a timeout of its chain came late", () => {
    const setTimeout = vi.spyOn(globalThis, "setTimeout");
    const now = vi.spyOn(performance, "now");
    now.mockReturnValueOnce(1000);
    systemClock.setTimer(longest + 5000, () => {});
    now.mockReturnValueOnce(1000 + longest + 2000);
    vi.advanceTimersByTime(longest);
    expect(setTimeout.mock.calls.map(([, ms]) => ms)).toEqual([longest, 3000]);
  });

  test("fires at once where the delay is negative", () => {
    const fired = vi.fn();
    systemClock.setTimer(-5, fired);
    vi.advanceTimersByTime(0);
    expect(fired).toHaveBeenCalledOnce();
  });

  test("fires in the order of time", () => {
    const fired: string[] = [];
    systemClock.setTimer(20, () => fired.push("late"));
    systemClock.setTimer(10, () => fired.push("early"));
    systemClock.setTimer(10, () => fired.push("early too"));
    vi.advanceTimersByTime(20);
    expect(fired).toEqual(["early", "early too", "late"]);
  });
});

describe("a timer", () => {
  test.each([10, longest, 3 * longest])("of %i ms that was cancelled does not fire", (delay) => {
    const fired = vi.fn();
    const timer = systemClock.setTimer(delay, fired);
    vi.advanceTimersByTime(Math.floor(delay / 2));
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(delay);
    expect(fired).not.toHaveBeenCalled();
  });

  test("can be cancelled twice, and after it fired", () => {
    const fired = vi.fn();
    const timer = systemClock.setTimer(10, fired);
    vi.advanceTimersByTime(10);
    timer.cancel();
    timer.cancel();
    expect(fired).toHaveBeenCalledOnce();
  });

  test("can be cancelled by its own callback", () => {
    const timer = systemClock.setTimer(2 * longest, () => timer.cancel());
    vi.advanceTimersByTime(longest);
    vi.advanceTimersByTime(longest);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("whether a timer keeps the process alive", () => {
  /** Runs `task` with a setTimeout whose handles note whether they were told not to. */
  function unrefs(task: () => void): boolean[] {
    const noted: boolean[] = [];
    const callbacks: (() => void)[] = [];
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void) => {
      const i = noted.push(false) - 1;
      callbacks.push(callback);
      return { unref: () => (noted[i] = true) };
    }) as unknown as typeof setTimeout);
    task();
    for (const callback of callbacks.splice(0)) callback();
    vi.mocked(setTimeout).mockRestore();
    return noted;
  }

  test("it does by default", () => {
    expect(unrefs(() => systemClock.setTimer(2 * longest, () => {}))).toEqual([false, false]);
  });

  test("it does not in the background, in no part of its chain", () => {
    expect(unrefs(() => systemClock.setTimer(2 * longest, () => {}, { background: true }))).toEqual([
      true,
      true,
    ]);
  });

  test("in the background it also works where timers are numbers", () => {
    const fake = vi
      .spyOn(globalThis, "setTimeout")
      .mockReturnValue(7 as unknown as ReturnType<typeof setTimeout>);
    expect(() => systemClock.setTimer(5, () => {}, { background: true })).not.toThrow();
    fake.mockRestore();
  });
});
