/** EventEmitter: who is told, in which order, and for how long. */
import { beforeEach, describe, expect, test } from "vitest";
import { EventEmitter } from "../src/event-emitter.ts";

interface Events {
  opened: number;
  closed: string;
}

let emitter: EventEmitter<Events>;
let told: unknown[];
const note = (name: string) => (data: unknown) => void told.push(`${name} ${data}`);

beforeEach(() => {
  emitter = new EventEmitter();
  told = [];
});

describe("EventEmitter", () => {
  test("tells listeners of that event, in the order in which they were added", () => {
    emitter.on("opened", note("a"));
    emitter.on("closed", note("b"));
    emitter.on("opened", note("c"));
    emitter.emit("opened", 1);
    emitter.emit("opened", 2);
    expect(told).toEqual(["a 1", "c 1", "a 2", "c 2"]);
  });

  test("tells nobody when nobody listens", () => {
    emitter.emit("opened", 1);
    expect(emitter.listenerCount("opened")).toBe(0);
  });

  test("tells a listener once however often it was added", () => {
    const listener = note("a");
    emitter.on("opened", listener);
    emitter.on("opened", listener);
    expect(emitter.listenerCount("opened")).toBe(1);
    emitter.emit("opened", 1);
    expect(told).toEqual(["a 1"]);
  });

  test("takes a listener off by off() and by what on() returned", () => {
    const listener = note("a");
    const off = emitter.on("opened", listener);
    emitter.on("closed", listener);
    off();
    off();
    emitter.emit("opened", 1);
    emitter.off("closed", listener);
    emitter.off("closed", listener);
    emitter.emit("closed", "x");
    expect(told).toEqual([]);
    expect([emitter.listenerCount("opened"), emitter.listenerCount("closed")]).toEqual([0, 0]);
  });

  test("lets through what a listener throws, and listeners stay", () => {
    emitter.on("opened", () => {
      throw new RangeError("no");
    });
    emitter.on("opened", note("a"));
    expect(() => emitter.emit("opened", 1)).toThrow(RangeError);
    expect(emitter.listenerCount("opened")).toBe(2);
  });

  test("tells nobody who was added by a listener of the same event", () => {
    emitter.on("opened", () => emitter.on("opened", note("new")));
    emitter.emit("opened", 1);
    expect(told).toEqual([]);
    emitter.emit("opened", 2);
    expect(told).toEqual(["new 2"]);
  });

  test("tells nobody who was taken off by a listener before", () => {
    const later = note("later");
    emitter.on("opened", () => emitter.off("opened", later));
    emitter.on("opened", later);
    emitter.emit("opened", 1);
    expect(told).toEqual([]);
  });
});

describe("EventEmitter.once", () => {
  test("tells a listener of one event", () => {
    emitter.once("opened", note("a"));
    emitter.emit("opened", 1);
    emitter.emit("opened", 2);
    expect(told).toEqual(["a 1"]);
    expect(emitter.listenerCount("opened")).toBe(0);
  });

  test("tells it of one event also when it emits another", () => {
    emitter.once("opened", (data) => {
      told.push(data);
      if (data < 5) emitter.emit("opened", data + 1);
    });
    emitter.emit("opened", 1);
    expect(told).toEqual([1]);
  });

  test("tells it of one event also when a listener before it emits another", () => {
    emitter.on("opened", (data) => {
      if (data === 1) emitter.emit("opened", 2);
    });
    emitter.once("opened", note("a"));
    emitter.emit("opened", 1);
    expect(told).toEqual(["a 2"]);
  });

  test("is over when the listener throws", () => {
    emitter.once("opened", () => {
      throw new RangeError("no");
    });
    expect(() => emitter.emit("opened", 1)).toThrow(RangeError);
    emitter.emit("opened", 2);
  });

  test("can be taken off by the listener itself, and by what it returned", () => {
    const listener = note("a");
    emitter.once("opened", listener);
    emitter.off("opened", listener);
    emitter.once("opened", note("b"))();
    emitter.emit("opened", 1);
    expect(told).toEqual([]);
  });

  test("leaves a listener that is there for every event", () => {
    const listener = note("a");
    emitter.on("opened", listener);
    emitter.once("opened", listener);
    emitter.emit("opened", 1);
    emitter.emit("opened", 2);
    expect(told).toEqual(["a 1", "a 2"]);
  });

  test("becomes every event by on()", () => {
    const listener = note("a");
    emitter.once("opened", listener);
    emitter.on("opened", listener);
    emitter.emit("opened", 1);
    emitter.emit("opened", 2);
    expect(told).toEqual(["a 1", "a 2"]);
  });
});
