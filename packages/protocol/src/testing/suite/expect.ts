/**
 * What the suites demand, without a test runner's own words: comparisons, errors by code, deadlines, turns of the event loop.
 */
import { systemClock } from "../../clock.ts";
import { SluiceError } from "../../errors/sluice-error.ts";

/** How long anything that a case awaits may take, ms: far more than it ever needs. */
const patienceMs = 15_000;

/** @throws {Error} unless `actual` and `expected` are the same JSON-like data (byte strings included) */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (isSame(actual, expected)) return;
  throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

/** @throws {Error} unless `holds` */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`Not so: ${what}`);
}

/** What a failure must be. */
export interface ExpectedError {
  readonly code: string;
  readonly processed?: "no" | "maybe";
  readonly origin?: "local" | "remote";
  /** Parts of the message. */
  readonly says?: readonly string[];
}

/** Gives the error with which `promise` rejects. @throws {Error} if it is another one, or none */
export async function fails(promise: PromiseLike<unknown>, expected: ExpectedError): Promise<SluiceError> {
  const outcome = await within(settle(promise), `a failure with ${expected.code}`);
  if ("value" in outcome)
    throw new Error(`Expected ${expected.code}, it succeeded with ${show(outcome.value)}`);
  const { reason } = outcome;
  if (!SluiceError.is(reason))
    throw new Error(`Expected ${expected.code}, got ${String(reason)}`, { cause: reason });
  const { code, processed, origin, message } = reason;
  if (code !== expected.code)
    throw new Error(`Expected ${expected.code}, got ${code}: ${message}`, { cause: reason });
  if (expected.processed !== undefined)
    same(processed, expected.processed, `processed of ${code} (${message})`);
  if (expected.origin !== undefined) same(origin, expected.origin, `origin of ${code} (${message})`);
  for (const part of expected.says ?? [])
    check(message.includes(part), `the message says ${part}: ${message}`);
  return reason;
}

type Outcome = { readonly value: unknown } | { readonly reason: unknown };

/** How `promise` ends, as a value. */
export function settle(promise: PromiseLike<unknown>): Promise<Outcome> {
  return Promise.resolve(promise).then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  );
}

/** `promise`, or a rejection that names `what` if it takes too long. */
export function within<Value>(
  promise: PromiseLike<Value>,
  what: string,
  longestMs: number = patienceMs,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = systemClock.setTimer(longestMs, () =>
      reject(new Error(`Waited ${longestMs} ms for ${what}`)),
    );
    promise.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (reason: unknown) => {
        timer.cancel();
        reject(reason);
      },
    );
  });
}

/** After so many turns timers that are due get theirs, too. */
const turnsPerTick = 50;

/** Lets the event loop turn `count` times: I/O that is ready happens, and timers that are due. */
export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= turnsPerTick) {
    await quickTurns(Math.min(left, turnsPerTick));
    if (left >= turnsPerTick) await tick();
  }
}

function quickTurns(count: number): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    let left = count;
    port2.onmessage = () => {
      if (--left > 0) port1.postMessage(0);
      else {
        port1.close();
        resolve();
      }
    };
    port1.postMessage(0);
  });
}

function tick(): Promise<void> {
  return new Promise((resolve) => {
    systemClock.setTimer(0, resolve);
  });
}

/** Turns the event loop until `holds()`. */
export async function until(holds: () => boolean, what: string | (() => string)): Promise<void> {
  const giveUpAt = systemClock.now() + patienceMs;
  for (let round = 0; !holds(); round++) {
    if (systemClock.now() > giveUpAt) {
      throw new Error(`Waited ${patienceMs} ms until ${typeof what === "string" ? what : what()}`);
    }
    // What is close comes soon; for the rest the processor is left to whoever it is that is waited for.
    await (round < 20 ? quickTurns(1) : tick());
  }
}

/** How long something may take to begin to move, ms. */
const startMs = 1_000;

/** Turns in which nothing must move before it counts as standing still. */
const stillTurns = 200;

/** Turns the event loop until `read()` has moved away from 0, if it ever does, and stands still; gives where. */
export async function standsStill(read: () => number): Promise<number> {
  // What has not begun to move does not stand still: a peer in another process takes its time.
  const giveUpAt = systemClock.now() + startMs;
  while (read() === 0 && systemClock.now() < giveUpAt) await tick();
  for (let last = read(); ; last = read()) {
    await turns(stillTurns);
    if (read() === last) return last;
  }
}

/**
 * Waits until `read()` has come to `least`, however long a machine under load takes, and then for its standstill. What must
 * still come is waited for here: {@link standsStill} alone takes a pause for the end.
 *
 * @throws {Error} when it never comes there, with how far it came
 */
export async function comesToRest(read: () => number, least: number, what: string): Promise<number> {
  await until(
    () => read() >= least,
    () => `${what}: ${read()} of ${least}`,
  );
  return standsStill(read);
}

/** @throws {Error} unless `read()` gives the same after `count` more turns as now */
export async function staysPut(read: () => number, count: number, what: string): Promise<void> {
  const before = read();
  await turns(count);
  same(read(), before, `${what} after ${count} turns`);
}

/** Resolves when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** A promise, and what resolves it. */
export interface Gate<Value = void> {
  readonly promise: Promise<Value>;
  open(value: Value): void;
}

export function gate<Value = void>(): Gate<Value> {
  let open!: (value: Value) => void;
  const promise = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (one instanceof Uint8Array || other instanceof Uint8Array) {
    return one instanceof Uint8Array && other instanceof Uint8Array && areSameBytes(one, other);
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        isSame((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
    )
  );
}

function areSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  // A loop, since cases compare megabytes.
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 300 ? text : `${text.slice(0, 299)}…`;
}
