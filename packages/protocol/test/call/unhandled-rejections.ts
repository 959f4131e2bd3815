/** Notes every rejection that nobody handles while a test runs, and fails the test for it. */
import { afterEach, beforeEach, expect } from "vitest";

/** Installs the listeners for every test of the file. */
export function expectNoUnhandledRejections(): void {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => {
    seen.push(reason);
  };
  beforeEach(() => {
    seen.length = 0;
    process.on("unhandledRejection", note);
    process.on("uncaughtException", note);
  });
  afterEach(async () => {
    // They are told after the promise reactions of a turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    process.off("uncaughtException", note);
    expect(seen, "unhandled rejections").toEqual([]);
  });
}
