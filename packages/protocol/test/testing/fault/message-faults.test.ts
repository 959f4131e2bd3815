/** Messages that are lost, doubled and swapped: as planned, as drawn, and on a port. */
import { once } from "node:events";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { faultyPort } from "../../../src/testing/fault/faulty-port.ts";
import {
  type MessageFaultPlan,
  MessageFaults,
  randomMessageFaults,
} from "../../../src/testing/fault/message-faults.ts";

/** What comes of the messages 1, 2, … `count`. */
function passed(faults: MessageFaults<number>, count: number): number[] {
  return Array.from({ length: count }, (_, at) => faults.pass(at + 1)).flat();
}

describe("MessageFaults", () => {
  test.each<[string, Readonly<Record<number, "drop" | "duplicate" | "reorder">>, number[]]>([
    ["nothing is planned", {}, [1, 2, 3, 4, 5]],
    ["the third is lost", { 3: "drop" }, [1, 2, 4, 5]],
    ["the first comes twice", { 1: "duplicate" }, [1, 1, 2, 3, 4, 5]],
    ["the second and third are swapped", { 2: "reorder" }, [1, 3, 2, 4, 5]],
    ["two come behind the one after them", { 2: "reorder", 3: "reorder" }, [1, 4, 2, 3, 5]],
    ["one waits over a lost one", { 2: "reorder", 3: "drop" }, [1, 4, 2, 5]],
    ["one waits for one that comes twice", { 2: "reorder", 3: "duplicate" }, [1, 3, 3, 2, 4, 5]],
    ["one waits for none", { 5: "reorder" }, [1, 2, 3, 4]],
  ])("%s", (_name, plan, expected) => {
    const faults = new MessageFaults<number>(plan);
    expect(passed(faults, 5)).toEqual(expected);
    expect(faults.messages).toBe(5);
    for (const fault of ["drop", "duplicate", "reorder"] as const) {
      expect(faults.done[fault]).toBe(Object.values(plan).filter((planned) => planned === fault).length);
    }
  });

  test("a plan may look at the message, and the next one can be hit by hand", () => {
    const faults = new MessageFaults<number>((number, message) =>
      number === 1 || message === 4 ? "drop" : undefined,
    );
    expect([2, 3, 4].map((message) => faults.pass(message))).toEqual([[], [3], []]);
    faults.next("duplicate");
    expect([faults.pass(4), faults.pass(5)]).toEqual([[4, 4], [5]]);
  });

  test("drawn faults are the seed's, and about as many as asked for", () => {
    const play = (plan: MessageFaultPlan): [number[], MessageFaults["done"]] => {
      const faults = new MessageFaults<number>(plan);
      return [passed(faults, 2_000), faults.done];
    };
    const rates = { dropOneIn: 20, duplicateOneIn: 20, reorderOneIn: 50 };
    const first = play(randomMessageFaults({ seed: 5, ...rates }));
    expect(play(randomMessageFaults({ seed: 5, ...rates }))).toEqual(first);
    expect(play(randomMessageFaults({ seed: 6, ...rates }))).not.toEqual(first);
    const [, { drop, duplicate, reorder }] = first;
    for (const [count, expected] of [
      [drop, 100],
      [duplicate, 95],
      [reorder, 36],
    ] as const) {
      expect(count).toBeGreaterThan(expected / 2);
      expect(count).toBeLessThan(expected * 2);
    }
    expect(play(randomMessageFaults({ seed: 5 }))[1]).toEqual({ drop: 0, duplicate: 0, reorder: 0 });
  });
});

describe("faultyPort", () => {
  test("spoils what is posted on it, and nothing that comes", async () => {
    const { port1, port2 } = new MessageChannel();
    const port = faultyPort(port1, new MessageFaults({ 1: "duplicate", 2: "drop", 3: "reorder" }));
    const sent: unknown[] = [];
    const came: unknown[] = [];
    port2.on("message", (message) => sent.push(message));
    port.on("message", (message) => came.push(message));
    for (const message of ["a", "b", "c", "d"]) {
      port.postMessage(message, []);
      port2.postMessage(message);
    }
    while (sent.length < 4 || came.length < 4) await new Promise((resolve) => setImmediate(resolve));
    expect([sent, came]).toEqual([
      ["a", "a", "d", "c"],
      ["a", "b", "c", "d"],
    ]);
    const closed = once(port2, "close");
    port.close();
    await closed;
  });

  test("posts what a message was when it was posted, and moves its buffers", async () => {
    const { port1, port2 } = new MessageChannel();
    const port = faultyPort(port1, new MessageFaults({ 1: "reorder", 2: "duplicate" }));
    const message = { bytes: Uint8Array.of(1, 2, 3) };
    port.postMessage(message, [message.bytes.buffer]);
    expect(message.bytes.length).toBe(0);
    const second = { text: "as posted" };
    port.postMessage(second, []);
    second.text = "changed";
    const came: unknown[] = [];
    port2.on("message", (one) => came.push(one));
    while (came.length < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(came).toEqual([{ text: "as posted" }, { text: "as posted" }, { bytes: Uint8Array.of(1, 2, 3) }]);
    port.close();
  });

  test("is otherwise the port: its events, and what is asked of it", async () => {
    const { port1, port2 } = new MessageChannel();
    const port = faultyPort(port1, new MessageFaults());
    let heard = 0;
    const listener = (): void => void heard++;
    port.addEventListener("message", listener);
    expect(["addEventListener" in port, "on" in port, port.listenerCount("message")]).toEqual([
      true,
      true,
      1,
    ]);
    const came = once(port1, "message");
    port2.postMessage(1);
    await came;
    port.removeEventListener("message", listener);
    expect([heard, port1.listenerCount("message")]).toEqual([1, 0]);
    port.close();
  });
});
