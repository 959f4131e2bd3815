/** REL-F1 to REL-F4: lengths that lie, against a server on a Unix socket. */
import { type RawPeer, rawBytes, rawInteger, rawJoin, rawType } from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { growth, handshakeTimeout, KiB, MiB, Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start({ handshakeTimeout });
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

/** The head of a frame whose body does not follow. */
function frameHead(length: number, type: number, call: number): Uint8Array {
  return rawJoin(rawInteger(4, length), rawInteger(1, type), rawInteger(4, call));
}

/** The code that `peer` is told, and how long that took, ms. */
async function closing(peer: RawPeer): Promise<{ code: unknown; tookMs: number }> {
  const startedAt = performance.now();
  const { code } = await peer.closing();
  return { code, tookMs: performance.now() - startedAt };
}

describe("REL-F1 a length of 4 GiB", () => {
  test("is FRAME_TOO_LARGE at once, before and after the handshake, and keeps no memory", async () => {
    const attack = async (rounds: number): Promise<number> => {
      let fastest = Number.POSITIVE_INFINITY;
      for (let round = 0; round < rounds; round++) {
        for (const peer of [await victim.connect(), await victim.session()]) {
          peer.sendBytes(rawJoin(rawInteger(4, 0xffffffff), rawInteger(1, rawType.DATA)));
          const { code, tookMs } = await closing(peer);
          expect(code).toBe("FRAME_TOO_LARGE");
          fastest = Math.min(fastest, tookMs);
        }
      }
      return fastest;
    };
    await attack(20);
    const { before, after } = await victim.unharmedBy(async () => {
      expect(await attack(20)).toBeLessThan(100);
    });
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
    expect(growth(before, after).rssKiB).toBeLessThan(4 * KiB);
  });
});

describe("REL-F2 a frame that comes byte by byte on 1,000 connections", () => {
  test("ends with the handshake's time, and its memory is what came", async () => {
    const attack = async (): Promise<void> => {
      const slowOne = async (): Promise<unknown> => {
        const peer = await victim.connect({ deadlineMs: 10_000 });
        peer.sendBytes(rawJoin(frameHead(65_540, rawType.HELLO, 0), rawBytes("{")));
        return (await peer.closing()).code;
      };
      const codes = await Promise.all(Array.from({ length: 1_000 }, slowOne));
      expect(new Set(codes)).toEqual(new Set(["HANDSHAKE_TIMEOUT"]));
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    // What was announced is 64 MiB. How many connections there are at once, at some 16 KiB each, depends on the machine.
    expect(growth(before, after).rssKiB).toBeLessThan(32 * KiB);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });

  test("after the handshake costs at most a frame each", async () => {
    await victim.unharmedBy(async () => {
      const peers = await Promise.all(Array.from({ length: 200 }, () => victim.session()));
      const before = await victim.report();
      for (const peer of peers) peer.sendBytes(frameHead(81_920, rawType.DATA, 1));
      for (let byte = 0; byte < 10; byte++) {
        for (const peer of peers) peer.sendBytes(Uint8Array.of(0));
        await victim.honest.request("echo", { param: byte });
      }
      const during = await victim.report();
      expect(during.connections).toBe(201);
      expect(growth(before, during).heldKiB).toBeLessThan(200 * 4);
      for (const peer of peers) peer.destroy();
    });
  });
});

describe("REL-F3 a frame above the limit", () => {
  test("is refused by its head, not by its body", async () => {
    await victim.unharmedBy(async () => {
      for (const make of [() => victim.connect(), () => victim.session()]) {
        const peer = await make();
        peer.sendBytes(frameHead(81_921, rawType.DATA, 1));
        let sent = 0;
        while (!peer.received.some(({ type }) => type === rawType.CLOSE) && sent < 10 * MiB) {
          peer.sendBytes(new Uint8Array(KiB));
          sent += KiB;
          // A call there and back: the server has had its turn.
          await victim.honest.request("echo", { param: 0 });
        }
        expect((await closing(peer)).code).toBe("FRAME_TOO_LARGE");
        expect(sent).toBeLessThan(64 * KiB);
      }
    });
  });

  test("is refused before 10 MiB that were sent at once are read", async () => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      peer.sendBytes(rawJoin(frameHead(81_921, rawType.DATA, 1), new Uint8Array(10 * MiB)));
      await peer.closed();
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });
});

describe("REL-F4 lengths at their limits", () => {
  const tooShort = [0, 1, 2, 3, 4];
  const tooLong = [81_921, 0x7fffffff, 0x80000000, 0xffffffff];
  test.each([...tooShort, ...tooLong])("length %d is refused", async (length) => {
    const expected = length < 5 ? "PROTOCOL_ERROR" : "FRAME_TOO_LARGE";
    await victim.unharmedBy(async () => {
      for (const peer of [await victim.connect(), await victim.session()]) {
        peer.sendBytes(rawInteger(4, length));
        expect((await closing(peer)).code).toBe(expected);
      }
    });
  });

  test.each([5, 81_919, 81_920])("length %d is taken", async (length) => {
    const peer = await victim.session();
    const body = new Uint8Array(length - 5);
    // A frame of a type that nobody knows yet: of any length, without effect.
    peer.send({ type: 31, flags: 0, call: 0, body });
    expect(await peer.request("echo", length)).toEqual({ result: length });
    peer.destroy();
  });
});
