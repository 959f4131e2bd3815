/** REL-C4, REL-C5, REL-C6, REL-C8, REL-C9: calls without end, without readers and without time, in both roles. */
import {
  type RawPeer,
  rawBytes,
  rawFrames,
  rawType,
  readRawCredit,
  readRawError,
} from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Malice } from "./malice.ts";
import { growth, KiB, Victim } from "./victim.ts";

const maxConcurrentHandlers = 64;
const patient = { abuseRate: { events: 1_000_000, perMs: 10_000 } };

let victim: Victim;
/** The same, which never tells anybody to calm down. */
let patientVictim: Victim;
let malice: Malice;
beforeAll(async () => {
  victim = await Victim.start();
  patientVictim = await Victim.start({ limits: { maxConcurrentHandlers, ...patient } });
  malice = await Malice.start();
});
afterEach(() => victim.dropAttackers());
afterAll(async () => {
  await victim.stop();
  await patientVictim.stop();
  await malice.stop();
});

async function pong(peer: RawPeer): Promise<void> {
  peer.send(rawFrames.ping(7));
  await peer.next(rawType.PING);
}

/** `CODE processed`, and how often it came. */
function refusals(peer: RawPeer): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const frame of peer.received.filter(({ type }) => type === rawType.ERROR)) {
    const { code, processed } = readRawError(frame).json;
    counts[`${code} ${processed}`] = (counts[`${code} ${processed}`] ?? 0) + 1;
  }
  return counts;
}

/** Opens calls of handlers that ignore their abort, and gives each up at once. */
function openAndAbort(peer: RawPeer, count: number): void {
  for (let sent = 0; sent < count && !peer.isClosed; sent++) {
    peer.send(rawFrames.cancel(peer.open("ignore", { openFlags: 0 }), { abort: true }));
  }
}

describe("REL-C5 calls that are opened and given up at once", () => {
  test("REL-C5 10,000 of them: handlers never pass the limit, and the rest is refused", async () => {
    const attack = async (): Promise<void> => {
      const peer = await patientVictim.session({}, { deadlineMs: 10_000 });
      openAndAbort(peer, 10_000);
      await pong(peer);
      const { mostIgnoring, runningHandlers } = await patientVictim.glance();
      expect(mostIgnoring).toBe(maxConcurrentHandlers);
      expect(runningHandlers).toBeGreaterThanOrEqual(maxConcurrentHandlers);
      // A call that was aborted is over for its caller: what became of its OPEN is no news, and may stay unsaid.
      expect(Object.keys(refusals(peer)).filter((end) => end !== "RESOURCE_EXHAUSTED no")).toEqual([]);
      expect(await patientVictim.honest.request("release")).toBe(maxConcurrentHandlers);
      // Each has left its slot: the next one gets it.
      expect(await peer.request("echo", "next")).toEqual({ result: "next" });
      peer.destroy();
    };
    await attack();
    const { before, after, calls } = await patientVictim.unharmedBy(attack);
    expect(calls).toBeGreaterThan(0);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });

  test("REL-C5 by default the 101st ends the session with ENHANCE_YOUR_CALM, and its handlers count until they settle", async () => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      openAndAbort(peer, 10_000);
      expect((await peer.closing()).code).toBe("ENHANCE_YOUR_CALM");
      expect((await victim.glance()).mostIgnoring).toBeLessThanOrEqual(101);
      await victim.honest.request("release");
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });

  test("REL-C5 by a malicious server: a client's handlers pass no limit, and the server is told to calm down", async () => {
    const limits = { maxConcurrentHandlers: 20 };
    const before = await malice.report();
    const { ended } = await malice.play({ call: "serve", options: { limits } }, async (peer) => {
      await peer.shakeHands();
      await peer.next(rawType.OPEN);
      openAndAbort(peer, 10_000);
      expect((await peer.closing()).code).toBe("ENHANCE_YOUR_CALM");
    });
    expect(JSON.parse(ended)).toEqual(["ENHANCE_YOUR_CALM maybe", 20]);
    expect(growth(before, await malice.report()).heldKiB).toBeLessThan(KiB);
  });
});

describe("REL-C5 params that do not decode", () => {
  test.each([
    ["one after the other", false],
    ["each given up at once", true],
  ])("REL-C5 the 101st ends the session with ENHANCE_YOUR_CALM: %s", async (_, isCancelled) => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      for (let sent = 0; sent < 10_000 && !peer.isClosed; sent++) {
        const call = peer.open("echo", { payload: rawBytes("{") });
        peer.send(isCancelled ? rawFrames.cancel(call, { abort: true }) : rawFrames.done([call]));
      }
      expect((await peer.closing()).code).toBe("ENHANCE_YOUR_CALM");
      expect(Object.keys(refusals(peer))).toEqual(["DECODE_ERROR no"]);
      expect(refusals(peer)["DECODE_ERROR no"]).toBeLessThanOrEqual(101);
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });
});

describe("REL-C6 calls that stay open", () => {
  test("REL-C6 257 idle ones: the last is refused, and each of the others costs less than 16 KiB", async () => {
    const peers: RawPeer[] = [];
    const { before, calls } = await victim.unharmedBy(async () => {
      const start = await victim.report();
      const peer = await victim.session();
      peers.push(peer);
      for (let count = 0; count < 257; count++) peer.open("hold", { openFlags: 0 });
      await pong(peer);
      expect(refusals(peer)).toEqual({ "RESOURCE_EXHAUSTED no": 1 });
      const during = await victim.report();
      expect(during.runningHandlers).toBeGreaterThanOrEqual(256);
      expect(growth(start, during).heldKiB).toBeLessThan(256 * 16);
      peer.destroy();
    });
    expect(calls).toBeGreaterThan(0);
    expect(growth(before, await victim.report()).heldKiB).toBeLessThan(KiB);
  });

  test("REL-C6 10,000 idle ones cost what 256 do, and end the session with ENHANCE_YOUR_CALM", async () => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      for (let count = 0; count < 10_000 && !peer.isClosed; count++) peer.open("hold", { openFlags: 0 });
      expect((await peer.closing()).code).toBe("ENHANCE_YOUR_CALM");
      expect(refusals(peer)["RESOURCE_EXHAUSTED no"]).toBeGreaterThanOrEqual(100);
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });
});

describe("REL-C4 readers that do not read", () => {
  test("REL-C4 a peer that never grants gets its window and nothing more; its writer waits", async () => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      const call = peer.open("pour", { window: 65_536, payload: rawBytes('{"bytes":960}') });
      for (let count = 0; count < 64; count++) await peer.next(rawType.DATA, call);
      for (let round = 0; round < 20; round++) await pong(peer);
      expect(peer.received.filter(({ type }) => type === rawType.DATA).length).toBe(64);
      peer.destroy();
    });
  });

  test("REL-C4 a handler that reads nothing grants nothing, however much arrives", async () => {
    await victim.unharmedBy(async () => {
      const before = await victim.report();
      const peer = await victim.session();
      const call = peer.open("hold", { openFlags: 0 });
      const { limit } = readRawCredit(await peer.next(rawType.CREDIT, call));
      for (let offset = 64; offset + 1_024 <= limit; offset += 1_024) {
        peer.send(rawFrames.data(call, { offset, raw: true, payload: new Uint8Array(960) }));
      }
      await pong(peer);
      expect(peer.received.filter(({ type }) => type === rawType.CREDIT).length).toBe(1);
      expect(growth(before, await victim.report()).heldKiB).toBeLessThan(512);
      peer.destroy();
    });
  });

  test("REL-C4 a client that reads nothing grants a malicious server nothing, however much arrives", async () => {
    await malice.play({ call: "unread" }, async (peer) => {
      await peer.shakeHands();
      const { call } = await peer.next(rawType.OPEN);
      for (let offset = 0; offset < 65_536; offset += 1_024) {
        peer.send(rawFrames.data(call, { offset, raw: true, payload: new Uint8Array(960) }));
      }
      await pong(peer);
      expect(peer.received.filter(({ type }) => type === rawType.CREDIT).length).toBe(0);
      peer.destroy();
    });
    await malice.report();
  });
});

test("REL-C8 64 streams that nobody reads do not hold up the 65th, of the same session or another", async () => {
  const attack = async (): Promise<void> => {
    const peer = await victim.session();
    for (let count = 0; count < 64; count++) {
      const call = peer.open("pour", { window: 8_192, payload: rawBytes('{"bytes":4000}') });
      await peer.next(rawType.DATA, call);
    }
    const call = peer.open("pour", { window: 1_024 * 1_024, payload: rawBytes('{"bytes":16000}') });
    for (let bytes = 0; bytes < 1_000_000; bytes += 16_000) await peer.next(rawType.DATA, call);
    expect(await peer.request("echo", 1)).toEqual({ result: 1 });
    peer.destroy();
  };
  await attack();
  const { before, after, calls } = await victim.unharmedBy(attack);
  expect(calls).toBeGreaterThan(0);
  expect(growth(before, after).heldKiB).toBeLessThan(KiB);
});

describe("REL-C9 deadlines", () => {
  test("REL-C9 one of 2^32 - 1 ms has not passed at once; one of 1 ms passes, with DEADLINE_EXCEEDED", async () => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      const patientCalls = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map((timeout) =>
        peer.open("hold", { openFlags: 0, timeout }),
      );
      const hasty = peer.open("hold", { openFlags: 0, timeout: 1 });
      const { json } = readRawError(await peer.next(rawType.ERROR, hasty));
      expect(json.code).toBe("DEADLINE_EXCEEDED");
      await pong(peer);
      // The only one that has ended is the hasty one.
      expect(refusals(peer)).toEqual({ [`DEADLINE_EXCEEDED ${json.processed}`]: 1 });
      expect((await victim.glance()).openCalls).toBeGreaterThanOrEqual(patientCalls.length);
      peer.destroy();
    });
  });

  test("REL-C9 200 calls of 1 ms leave no timer, handler or memory", async () => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      for (let count = 0; count < 200; count++) {
        const call = peer.open("hold", { openFlags: 0, timeout: 1 });
        await peer.next(rawType.ERROR, call);
        peer.send(rawFrames.done([call]));
      }
      expect(Object.keys(refusals(peer))).toEqual(["DEADLINE_EXCEEDED maybe"]);
      peer.destroy();
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });
});
