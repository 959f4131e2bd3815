/** abort-listeners: who waits for the abort of a signal is told once, and the signal has one listener for all, or none. */
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { addAbortListener, removeAbortListener } from "../../src/call/abort-listeners.ts";

/** A signal, what was told of it, and a new listener by name. */
function watched() {
  const controller = new AbortController();
  const { signal } = controller;
  const told: string[] = [];
  const listener =
    (name: string) =>
    (reason: unknown): void =>
      void told.push(`${name} ${reason}`);
  const held = (): number => getEventListeners(signal, "abort").length;
  return { controller, signal, told, listener, held };
}

test("an abort tells everybody, in order and once, and leaves nothing", () => {
  const { controller, signal, told, listener, held } = watched();
  for (const name of ["a", "b", "c"]) addAbortListener(signal, listener(name));
  expect(held()).toBe(1);
  controller.abort("late");
  expect([told, held()]).toEqual([["a late", "b late", "c late"], 0]);
});

test("who was taken off is not told, and the last one takes the signal's listener along", () => {
  const { controller, signal, told, listener, held } = watched();
  const [a, b] = [listener("a"), listener("b")];
  addAbortListener(signal, a);
  addAbortListener(signal, b);
  removeAbortListener(signal, a);
  removeAbortListener(signal, a);
  expect(held()).toBe(1);
  removeAbortListener(signal, b);
  removeAbortListener(signal, b);
  expect(held()).toBe(0);
  addAbortListener(signal, listener("c"));
  expect(held()).toBe(1);
  controller.abort("late");
  expect(told).toEqual(["c late"]);
});

test("signals do not share their listeners", () => {
  const [one, other] = [watched(), watched()];
  addAbortListener(one.signal, one.listener("a"));
  addAbortListener(other.signal, other.listener("b"));
  one.controller.abort(1);
  expect([one.told, other.told, other.held()]).toEqual([["a 1"], [], 1]);
});

test("who is taken off while others are told is not told", () => {
  const { controller, signal, told, listener, held } = watched();
  const last = listener("last");
  addAbortListener(signal, () => removeAbortListener(signal, last));
  addAbortListener(signal, last);
  addAbortListener(signal, listener("end"));
  controller.abort("late");
  expect([told, held()]).toEqual([["end late"], 0]);
});

test("who comes while others are told, or later, is not told and not kept", () => {
  const { controller, signal, told, listener, held } = watched();
  addAbortListener(signal, () => addAbortListener(signal, listener("new")));
  addAbortListener(signal, listener("old"));
  controller.abort("late");
  addAbortListener(signal, listener("later"));
  expect([told, held()]).toEqual([["old late"], 0]);
});

test("what one of them throws is reported, and the others are told", async () => {
  const { controller, signal, told, listener, held } = watched();
  const reported: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (error) => reported.push(error));
  const broken = new Error("broken");
  addAbortListener(signal, () => {
    throw broken;
  });
  addAbortListener(signal, listener("other"));
  controller.abort("late");
  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners("uncaughtException");
  for (const listening of before) process.on("uncaughtException", listening);
  expect([told, held(), reported]).toEqual([["other late"], 0, [broken]]);
});
