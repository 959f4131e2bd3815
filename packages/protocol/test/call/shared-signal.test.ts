/** Calls that share one AbortSignal: it gives them all up, the platform has nothing to warn of, and nothing of them stays with it. */
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CallerMiddleware } from "../../src/call/caller-middleware.ts";
import type { HandlerScope } from "../../src/call/handler-scope.ts";
import { CallPair } from "./call-pair.ts";

const protocol = {
  place: { type: "request", result: { type: "string" } },
  wait: { type: "request", result: { type: "string" } },
  watch: { type: "stream", receive: { type: "integer" } },
} as const;

/** Resolves when the call's signal aborts. */
function untilAborted({ signal }: HandlerScope): Promise<string> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(String(signal.reason)), { once: true });
  });
}

const handlers = { place: () => "done", wait: untilAborted, watch: untilAborted };
const limits = { limits: { abuseRate: { events: 100_000, perMs: 1_000 } } };

const warnings: string[] = [];
const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);

beforeEach(() => {
  warnings.length = 0;
  process.on("warning", note);
});
afterEach(() => {
  process.off("warning", note);
});

/** Warnings are told a turn of the event loop later. */
async function warned(): Promise<readonly string[]> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  return warnings;
}

async function connected(callerMiddleware: readonly CallerMiddleware[] = []): Promise<CallPair> {
  const pair = new CallPair({ protocol, handlers, limits, callerMiddleware });
  await pair.connect();
  return pair;
}

test("1,000 calls at once put one listener on their signal, whose abort reaches every one", async () => {
  const pair = await connected();
  const controller = new AbortController();
  const { signal } = controller;
  const codes: unknown[] = [];
  for (let made = 0; made < 1_000; made++) {
    if (made % 2 === 0) pair.caller.request("wait", { signal }).catch(({ code }) => codes.push(code));
    else pair.caller.items("watch", "stream", { signal }).result.catch(({ code }) => codes.push(code));
  }
  await pair.run();
  expect(await warned()).toEqual([]);
  expect(getEventListeners(signal, "abort").length).toBe(1);
  controller.abort("enough");
  await pair.run();
  expect(codes).toEqual(Array(1_000).fill("CANCELLED"));
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await pair.expectIdle();
});

test("1,000 calls that end by themselves leave nothing with their signal", async () => {
  const pair = await connected();
  const { signal } = new AbortController();
  const calls = Array.from({ length: 1_000 }, () => pair.caller.request("place", { signal }));
  expect(await pair.until(Promise.all(calls))).toEqual(Array(1_000).fill("done"));
  expect(await warned()).toEqual([]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await pair.expectIdle();
});

test("1,000 calls that wait for a connection share one listener", async () => {
  const pair = new CallPair({ protocol, handlers, limits, isLate: true });
  const controller = new AbortController();
  const { signal } = controller;
  const outcomes = Array.from({ length: 1_000 }, () =>
    pair.caller.request("wait", { signal }).catch(({ code, processed }) => `${code} ${processed}`),
  );
  expect(await warned()).toEqual([]);
  expect(getEventListeners(signal, "abort").length).toBe(1);
  controller.abort("enough");
  expect(await pair.until(Promise.all(outcomes))).toEqual(Array(1_000).fill("CANCELLED no"));
  expect(getEventListeners(signal, "abort")).toEqual([]);
  // Nobody waits for it any more.
  await pair.connect();
  await pair.expectIdle();
});

test("1,000 calls that waited share one listener when they are open, and leave nothing", async () => {
  const pair = new CallPair({ protocol, handlers, limits, isLate: true });
  const { signal } = new AbortController();
  const calls = Array.from({ length: 1_000 }, () => pair.caller.request("place", { signal }));
  await pair.connect();
  expect(await pair.until(Promise.all(calls))).toEqual(Array(1_000).fill("done"));
  expect(await warned()).toEqual([]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await pair.expectIdle();
});

test("1,000 calls through middleware share one listener", async () => {
  const pair = await connected([(_, next) => next()]);
  const controller = new AbortController();
  const { signal } = controller;
  const codes: unknown[] = [];
  for (let made = 0; made < 1_000; made++) {
    pair.caller.request("wait", { signal }).catch(({ code }) => codes.push(code));
  }
  await pair.run();
  expect(await warned()).toEqual([]);
  expect(getEventListeners(signal, "abort").length).toBe(1);
  controller.abort("enough");
  await pair.run();
  expect(codes).toEqual(Array(1_000).fill("CANCELLED"));
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await pair.expectIdle();
});
