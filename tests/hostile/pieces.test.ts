/** REL-F5 and REL-F6: messages in pieces that are too small or do not fit each other, against a server on a Unix socket. */
import {
  type RawPeer,
  rawBytes,
  rawFrames,
  rawJoin,
  rawText,
  rawType,
  readRawCredit,
  readRawData,
  readRawJson,
} from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { closingCode } from "./malice.ts";
import { growth, KiB, Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

/** A channel that collects, with a message of `total` bytes begun. Gives the call and where its next byte stands. */
async function beginMessage(
  peer: RawPeer,
  total: number,
  first: number,
): Promise<{ call: number; offset: number }> {
  const call = peer.open("collect", { openFlags: 0 });
  await peer.next(rawType.CREDIT, call);
  peer.send(
    rawFrames.data(call, { offset: 64, total, more: true, payload: new Uint8Array(first).fill(0x20) }),
  );
  return { call, offset: 64 + 64 + first };
}

describe("REL-F5 a flood of tiny pieces that never ends", () => {
  test("ends with the first piece that is too small", async () => {
    const attack = async (): Promise<void> => {
      const peer = await victim.session();
      const { call, offset } = await beginMessage(peer, 50_000, 1_024);
      for (let piece = 0; piece < 2_000; piece++) {
        peer.send(rawFrames.data(call, { offset: offset + piece, more: true, payload: Uint8Array.of(0x20) }));
      }
      expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(256);
  });

  test("a first piece below 1,024 offset bytes is one of them", async () => {
    const peer = await victim.session();
    await beginMessage(peer, 50_000, 1_024 - 64 - 1);
    expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
  });

  test("the smallest pieces that may be cost what they carry", async () => {
    const attack = async (): Promise<number> => {
      const peer = await victim.session();
      const total = 60 * KiB;
      let { call, offset } = await beginMessage(peer, total, 1_024);
      const before = await victim.report();
      for (let sent = 2_048; sent < total; sent += 1_024, offset += 1_024) {
        peer.send(rawFrames.data(call, { offset, more: true, payload: new Uint8Array(1_024).fill(0x20) }));
      }
      await victim.honest.request("echo", { param: 0 });
      const { heldKiB } = growth(before, await victim.report());
      const last = total - (offset - 128);
      peer.send(
        rawFrames.data(call, {
          offset,
          payload: rawJoin(new Uint8Array(last - 1).fill(0x20), rawBytes("1")),
        }),
      );
      peer.send(rawFrames.end(call, offset + last));
      expect(rawText(readRawData(await peer.next(rawType.RESULT, call)).payload)).toBe("1");
      peer.destroy();
      return heldKiB;
    };
    // The first time compiles what it runs through.
    await attack();
    await victim.unharmedBy(async () => {
      expect(await attack()).toBeLessThan(256);
    });
  });
});

describe("REL-F6 pieces that do not fit each other", () => {
  const half = (offset: number, parts = {}) => ({ offset, payload: new Uint8Array(2_000), ...parts });
  const attacks: readonly (readonly [
    what: string,
    send: (call: number, offset: number) => ReturnType<typeof rawFrames.data>,
  ])[] = [
    [
      "a second message inside the first",
      (call, offset) => rawFrames.data(call, half(offset, { total: 9_000, more: true })),
    ],
    ["a gap", (call, offset) => rawFrames.data(call, half(offset + 1, { more: true }))],
    ["an overlap", (call, offset) => rawFrames.data(call, half(offset - 1, { more: true }))],
    [
      "more than was announced",
      (call, offset) => rawFrames.data(call, { offset, payload: new Uint8Array(9_001) }),
    ],
    [
      "less than was announced",
      (call, offset) => rawFrames.data(call, { offset, payload: new Uint8Array(10) }),
    ],
    ["bytes where text was", (call, offset) => rawFrames.data(call, half(offset, { more: true, raw: true }))],
    ["a result from the caller", (call, offset) => rawFrames.result(call, half(offset, { more: true }))],
    ["an end", (call, offset) => rawFrames.end(call, offset)],
  ];
  test.each(attacks)("%s inside a message ends the session", async (_, send) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      const { call, offset } = await beginMessage(peer, 10_000, 2_000);
      peer.send(send(call, offset));
      expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
    });
  });

  test("a piece of a call that is over is dropped, and counted", async () => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      expect(await peer.request("echo", 1)).toEqual({ result: 1 });
      peer.send(rawFrames.done([1]));
      const late = rawFrames.data(1, {
        offset: 64,
        total: 9_000,
        more: true,
        payload: new Uint8Array(2_000),
      });
      for (let count = 0; count < 100; count++) peer.send(late);
      expect(await peer.request("echo", 2)).toEqual({ result: 2 });
      peer.send(late);
      expect(await closingCode(peer)).toBe("ENHANCE_YOUR_CALM");
    });
  });
});

test("the limit that a raw peer is granted is what the wire says", async () => {
  const peer = await victim.session();
  const welcome = readRawJson(peer.received[0] as (typeof peer.received)[number]);
  expect([welcome.window, welcome.floor]).toEqual([65_536, 2_048]);
  const call = peer.open("hold", { openFlags: 0 });
  expect(readRawCredit(await peer.next(rawType.CREDIT, call))).toEqual({ received: 64, limit: 64 + 65_536 });
  peer.destroy();
});
