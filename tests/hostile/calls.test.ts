/** REL-C7 and REL-C10: ids of calls, and every frame in every state of a call, against a server on a Unix socket. */
import { type RawFrame, type RawPeer, rawFrames, rawType, readRawError } from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

const highest = 2 ** 31 - 1;

describe("REL-C7 ids of calls", () => {
  const refused: readonly (readonly [what: string, ids: readonly number[]])[] = [
    ["used again", [1, 1]],
    ["used again after it was over", [1, 3, 1]],
    ["below the one before", [7, 5]],
    ["of the other side's parity", [2]],
    ["of the other side's parity, after a right one", [1, 4]],
    ["0", [0]],
    ["above 2^31 - 1", [highest + 2]],
    ["the largest that fits", [0xffffffff]],
  ];
  test.each(refused)("an id that is %s is PROTOCOL_ERROR", async (_, ids) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      for (const [at, id] of ids.entries()) {
        peer.send(rawFrames.open(id, { origin: peer.epoch, number: at + 1, name: "release" }));
      }
      expect((await peer.closing()).code).toBe("PROTOCOL_ERROR");
    });
  });

  test("ids may leave gaps, up to the last one", async () => {
    const peer = await victim.session();
    for (const [at, id] of [1, 9, 1_001, highest].entries()) {
      peer.send(rawFrames.open(id, { origin: peer.epoch, number: at + 1, name: "release" }));
      await peer.next(rawType.RESULT, id);
    }
    peer.send(rawFrames.open(highest, { origin: peer.epoch, number: 9, name: "release" }));
    expect((await peer.closing()).code).toBe("PROTOCOL_ERROR");
  });

  const keys: readonly (readonly [what: string, parts: object, code: string, processed: string])[] = [
    ["another's origin", { origin: "00000000000000ff" }, "PERMISSION_DENIED", "no"],
    ["the flag of a relay", { openFlags: 1 | 16 }, "PERMISSION_DENIED", "no"],
    ["a number that is over", { number: 0 }, "UNAVAILABLE", "maybe"],
  ];
  test.each(keys)("a key with %s ends its call, and no other", async (_, parts, code, processed) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      const { started } = await victim.report();
      const call = peer.open("release", parts);
      const { json } = readRawError(await peer.next(rawType.ERROR, call));
      expect([json.code, json.processed]).toEqual([code, processed]);
      expect((await victim.report()).started.release).toBe(started.release);
      expect(await peer.request("release")).toEqual({ result: 0 });
      peer.destroy();
    });
  });

  test("a number that was used again never runs again", async () => {
    const peer = await victim.session();
    expect(await peer.request("echo", 1, { number: 5 })).toEqual({ result: 1 });
    const again = await peer.request("echo", 1, { number: 5 });
    expect(again).toMatchObject({ error: { code: "UNAVAILABLE", processed: "maybe" } });
    peer.destroy();
  });
});

/** Brings call 1 of `peer` into a state. */
const states: Readonly<Record<string, (peer: RawPeer) => Promise<void>>> = {
  "never opened": async () => {},
  async running(peer) {
    peer.open("hold", { openFlags: 0 });
    await peer.next(rawType.CREDIT, 1);
  },
  async "running, its caller has said all"(peer) {
    peer.open("hold", { openFlags: 0 });
    await peer.next(rawType.CREDIT, 1);
    peer.send(rawFrames.end(1, 64));
  },
  async "running, half-closed from the start"(peer) {
    peer.open("hold");
    await pong(peer);
  },
  async stopped(peer) {
    // Its handler does not care.
    peer.open("ignore", { openFlags: 0 });
    peer.send(rawFrames.cancel(1));
    await pong(peer);
  },
  async aborting(peer) {
    peer.open("ignore", { openFlags: 0 });
    peer.send(rawFrames.cancel(1, { abort: true }));
    await pong(peer);
  },
  async ended(peer) {
    peer.open("release");
    await peer.next(rawType.RESULT, 1);
  },
  async over(peer) {
    peer.open("release");
    await peer.next(rawType.RESULT, 1);
    peer.send(rawFrames.done([1]));
    await pong(peer);
  },
};

async function pong(peer: RawPeer): Promise<void> {
  peer.send(rawFrames.ping(7));
  await peer.next(rawType.PING);
}

const item = rawFrames.data(1, { offset: 64, payload: Uint8Array.of(0x31) });
const frames: Readonly<Record<string, RawFrame>> = {
  DATA: item,
  "first piece": rawFrames.data(1, { offset: 64, total: 5_000, more: true, payload: new Uint8Array(1_024) }),
  END: rawFrames.end(1, 64),
  CREDIT: rawFrames.credit(1, { received: 0, limit: 70_000 }),
  RESULT: rawFrames.result(1, { offset: 0 }),
  ERROR: rawFrames.error(1, { code: "INTERNAL", message: "" }),
  ACCEPT: rawFrames.json(rawType.ACCEPT, { peer: "x", epoch: "00000000000000c1" }, 1),
  CANCEL: rawFrames.cancel(1),
  "CANCEL abort": rawFrames.cancel(1, { abort: true }),
  DONE: rawFrames.done([1]),
  OPEN: rawFrames.open(1, { name: "echo" }),
};

/** Frames that a caller may send for a call that it has opened. */
const fromCaller = ["DATA", "first piece", "END", "CREDIT", "CANCEL", "CANCEL abort", "DONE"];
/** What a caller that has said all, from the start or by END, may no longer send. */
const ofItsDirection = ["DATA", "first piece", "END"];

/** Whether the session goes on after `frame` in `state`. §8, §3 "Call ids". */
function survives(state: string, frame: string): boolean {
  if (state === "never opened") return frame === "OPEN";
  if (!fromCaller.includes(frame)) return state === "over" && frame !== "OPEN" && frame !== "ACCEPT";
  if (state.startsWith("running, ")) return !ofItsDirection.includes(frame);
  return true;
}

describe("REL-C10 every frame in every state of a call", () => {
  const pairs = Object.keys(states).flatMap((state) =>
    Object.keys(frames).map((frame) => [frame, state] as const),
  );
  test.each(pairs)("%s for a call that is %s", async (frame, state) => {
    const peer = await victim.session();
    await (states[state] as (peer: RawPeer) => Promise<void>)(peer);
    peer.send(frames[frame] as RawFrame, rawFrames.ping(9));
    const answer = await peer.next([rawType.PING, rawType.CLOSE]);
    expect([answer.type === rawType.PING ? "goes on" : "ends"]).toEqual([
      survives(state, frame) ? "goes on" : "ends",
    ]);
    peer.destroy();
  });

  test("leaves nothing behind once the handlers have ended", async () => {
    await victim.unharmedBy(async () => {
      await victim.honest.request("release");
    });
  });
});
