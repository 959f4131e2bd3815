/** REL-C1, REL-C2, REL-C3: credit that is exceeded, overdrawn and dribbled, against a server on a Unix socket. */
import { type RawPeer, rawFrames, rawType, readRawCredit, readRawData } from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { growth, KiB, MiB, Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

async function code(peer: RawPeer): Promise<unknown> {
  return (await peer.closing()).code;
}

/** A channel that nobody reads, and the limit of its caller. */
async function unreadChannel(peer: RawPeer): Promise<{ call: number; limit: number }> {
  const call = peer.open("hold", { openFlags: 0 });
  return { call, limit: readRawCredit(await peer.next(rawType.CREDIT, call)).limit };
}

/** `1` as JSON, with white space up to `bytes`. */
function one(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0x20).fill(0x31, 0, 1);
}

/** The number of all items that came for `call`. */
function itemsOf(peer: RawPeer, call: number): number {
  return peer.received.filter((frame) => frame.type === rawType.DATA && frame.call === call).length;
}

describe("REL-C1 data without credit", () => {
  test("one byte beyond the limit is FLOW_CONTROL_ERROR; up to the limit is not", async () => {
    await victim.unharmedBy(async () => {
      for (const beyond of [0, 1]) {
        const peer = await victim.session();
        const { call, limit } = await unreadChannel(peer);
        let offset = 64;
        for (; offset + 2 * 4_096 < limit; offset += 4_096) {
          peer.send(rawFrames.data(call, { offset, payload: one(4_096 - 64) }));
        }
        peer.send(rawFrames.data(call, { offset, payload: one(limit - offset - 64 + beyond) }));
        if (beyond === 1) expect(await code(peer)).toBe("FLOW_CONTROL_ERROR");
        else {
          peer.send(rawFrames.ping(1));
          await peer.next(rawType.PING);
          peer.send(rawFrames.data(call, { offset: limit }));
          expect(await code(peer)).toBe("FLOW_CONTROL_ERROR");
        }
      }
    });
  });

  test("10 MiB beyond it keep no memory", async () => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      const { call } = await unreadChannel(peer);
      for (let offset = 64; offset < 10 * MiB; offset += 64 * KiB) {
        peer.send(rawFrames.data(call, { offset, payload: one(64 * KiB - 64) }));
      }
      await peer.closed();
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });

  test("a param in its OPEN may reach the allowance, and not go beyond", async () => {
    await victim.unharmedBy(async () => {
      const fits = await victim.session();
      const call = fits.open("echo", { payload: one(65_536 - 64) });
      expect(readRawData(await fits.next(rawType.RESULT, call)).payload.length).toBe(1);
      fits.destroy();
      const exceeds = await victim.session();
      exceeds.open("echo", { payload: one(65_536 - 63) });
      expect(await code(exceeds)).toBe("FLOW_CONTROL_ERROR");
    });
  });

  test("a first piece of a param may reach the floor, and not go beyond", async () => {
    await victim.unharmedBy(async () => {
      const fits = await victim.session();
      const call = fits.open("measure", { total: 100_000, raw: true, payload: new Uint8Array(2_048 - 64) });
      expect(readRawCredit(await fits.next(rawType.CREDIT, call))).toEqual({
        received: 2_048,
        limit: 100_064,
      });
      fits.destroy();
      const exceeds = await victim.session();
      exceeds.open("measure", { total: 100_000, raw: true, payload: new Uint8Array(2_048 - 63) });
      expect(await code(exceeds)).toBe("FLOW_CONTROL_ERROR");
    });
  });

  test("a message above maxMessage is FRAME_TOO_LARGE by its announcement", async () => {
    await victim.unharmedBy(async () => {
      const param = await victim.session();
      param.open("measure", { total: 4 * MiB + 1, raw: true, payload: new Uint8Array(1_024) });
      expect(await code(param)).toBe("FRAME_TOO_LARGE");
      const item = await victim.session();
      const { call } = await unreadChannel(item);
      item.send(
        rawFrames.data(call, { offset: 64, total: 0xffffffff, more: true, payload: new Uint8Array(1_024) }),
      );
      expect(await code(item)).toBe("FRAME_TOO_LARGE");
    });
  });
});

describe("REL-C2 limits and what was received", () => {
  const far = 16 * MiB;
  const cases: readonly (readonly [
    what: string,
    credit: { received: number; limit: number },
    expected: string,
  ])[] = [
    ["a limit 16 MiB ahead is taken", { received: 0, limit: far }, "alive"],
    ["a limit one byte further is refused", { received: 0, limit: far + 1 }, "FLOW_CONTROL_ERROR"],
    ["the largest limit that there is is refused", { received: 0, limit: 2 ** 48 - 1 }, "FLOW_CONTROL_ERROR"],
    ["a limit of 0 changes nothing", { received: 0, limit: 0 }, "alive"],
    ["a limit below the former one changes nothing", { received: 0, limit: 64 }, "alive"],
    ["more received than was sent is refused", { received: 2 ** 20, limit: 2 ** 20 }, "PROTOCOL_ERROR"],
  ];
  test.each(cases)("%s", async (_, credit, expected) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      const call = peer.open("pour", { window: 4_096, payload: new TextEncoder().encode('{"bytes":960}') });
      for (let count = 0; count < 4; count++) await peer.next(rawType.DATA, call);
      peer.send(rawFrames.credit(call, credit));
      if (expected !== "alive") expect(await code(peer)).toBe(expected);
      else {
        expect(await peer.request("echo", 1)).toEqual({ result: 1 });
        if (credit.limit < 4_096) expect(itemsOf(peer, call)).toBe(4);
        peer.destroy();
      }
    });
  });

  test("credit for a call that never was is PROTOCOL_ERROR", async () => {
    await victim.unharmedBy(async () => {
      for (const call of [1, 2, 99, 100, 0xffffffff]) {
        const peer = await victim.session();
        peer.send(rawFrames.credit(call, { received: 0, limit: 1_024 }));
        expect([call, await code(peer)]).toEqual([call, "PROTOCOL_ERROR"]);
      }
    });
  });

  test("1,000 credits for a call that is over are ENHANCE_YOUR_CALM", async () => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      expect(await peer.request("echo", 1)).toEqual({ result: 1 });
      peer.send(rawFrames.done([1]));
      for (let count = 0; count < 1_000; count++)
        peer.send(rawFrames.credit(1, { received: 0, limit: 1_024 }));
      expect(await code(peer)).toBe("ENHANCE_YOUR_CALM");
    });
  });

  test("a limit of 16 MiB from a peer that reads nothing keeps no more than maxBuffered", async () => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      const before = await victim.report();
      const payload = new TextEncoder().encode('{"bytes":16000}');
      for (let count = 0; count < 4; count++) {
        const call = peer.open("pour", { window: 1_024, payload });
        peer.send(rawFrames.credit(call, { received: 0, limit: far }));
      }
      await peer.next(rawType.DATA);
      // What is sent and not acknowledged is kept: the writers wait at maxBuffered, 8 MiB.
      let last = -1;
      for (let still = 0; still < 5; still = peer.receivedBytes === last ? still + 1 : 0) {
        last = peer.receivedBytes;
        await victim.report();
      }
      expect(peer.receivedBytes).toBeGreaterThan(7 * MiB);
      expect(peer.receivedBytes).toBeLessThan(9 * MiB);
      expect(growth(before, await victim.report()).heldKiB).toBeLessThan(10 * KiB);
      peer.destroy();
    });
  });
});

describe("REL-C3 credit by the byte", () => {
  test("10,000 grants of a byte give at most 10 frames, and cost next to nothing", async () => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      const call = peer.open("pour", { window: 64, payload: new TextEncoder().encode('{"bytes":60000}') });
      for (let limit = 65; limit <= 10_064; limit++)
        peer.send(rawFrames.credit(call, { received: 0, limit }));
      expect(await peer.request("echo", 1)).toEqual({ result: 1 });
      const items = itemsOf(peer, call);
      expect(items).toBeGreaterThan(0);
      expect(items).toBeLessThanOrEqual(10);
      for (const frame of peer.received.filter(({ type }) => type === rawType.DATA)) {
        expect(readRawData(frame).payload.length).toBeGreaterThanOrEqual(1_024 - 64);
      }
      peer.destroy();
    };
    await attack();
    const { before, after, calls } = await victim.unharmedBy(attack);
    // Of which the honest calls take a part.
    expect(after.cpuMs - before.cpuMs).toBeLessThan(500 + calls);
  });
});
