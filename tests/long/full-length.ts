/** What the tests have in common that let faults last as long as they do: moments, and figures of them. */
import { afterAll, beforeAll, expect } from "vitest";
import { type FaultRow, writeFaults } from "./long-run-page.ts";

/** Waits for what happens, with a deadline; and measures when it did. */
export class Moments {
  readonly #beganAt = performance.now();
  readonly #at = new Map<string, number>();
  readonly #awaited = new Map<string, () => void>();

  /** `name` happens now; only the first time counts. */
  note(name: string): void {
    if (this.#at.has(name)) return;
    this.#at.set(name, performance.now());
    this.#awaited.get(name)?.();
  }

  /** Whether it has happened. */
  has(name: string): boolean {
    return this.#at.has(name);
  }

  /** Resolves when `name` has happened; rejects if that takes more than `seconds` from now. */
  async when(name: string, seconds: number): Promise<void> {
    if (this.has(name)) return;
    await new Promise<void>((resolve, reject) => {
      const told = [...this.#at].map(
        ([one, at]) => `${one} at ${((at - this.#beganAt) / 1_000).toFixed(1)} s`,
      );
      const timer = setTimeout(() => {
        reject(new Error(`Waited ${seconds} s for ${name}, after ${told.join(", ") || "nothing"}`));
      }, 1_000 * seconds);
      this.#awaited.set(name, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Seconds from one to another, both of which have happened. */
  between(first: string, last: string): number {
    const [from, to] = [this.#at.get(first), this.#at.get(last)];
    if (from === undefined || to === undefined)
      throw new Error(`${first} and ${last} have not both happened`);
    return (to - from) / 1_000;
  }
}

/** `30.01 s` */
export function inSeconds(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}

/** Fails unless `seconds` is in the range. A timer may be early by less than a millisecond. */
export function expectBetween(seconds: number, least: number, most: number): void {
  expect(seconds).toBeGreaterThan(least - 0.001);
  expect(seconds).toBeLessThanOrEqual(most);
}

/** Collects a row of each of `count` tests of the file; writes them once all have brought theirs. */
export function faultRows(title: string, about: string, count: number): (row: FaultRow) => void {
  const rows: FaultRow[] = [];
  let beganAt = 0;
  beforeAll(() => {
    beganAt = performance.now();
  });
  afterAll(() => {
    // A page of a run that failed would say what is not so.
    if (rows.length !== count) return;
    rows.sort((one, two) => Number.parseInt(one.ids.slice(1), 10) - Number.parseInt(two.ids.slice(1), 10));
    writeFaults(title, about, (performance.now() - beganAt) / 1_000, rows);
  });
  return (row) => {
    console.log(Object.values(row).join(" · "));
    rows.push(row);
  };
}
