/** REL-F1 to REL-F8 by a malicious server: bytes that are no frames, and frames that are no messages, against a client of ours. */
import { type RawFrame, rawBytes, rawFrames, rawInteger, rawJoin, rawType } from "@sluice/protocol/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closingCode, Malice, welcome } from "./malice.ts";
import { growth, KiB } from "./victim.ts";

let malice: Malice;
beforeAll(async () => {
  malice = await Malice.start();
});
afterAll(() => malice.stop());

function frameHead(length: number, type: number, call: number): Uint8Array {
  return rawJoin(rawInteger(4, length), rawInteger(1, type), rawInteger(4, call));
}

describe("REL-F1, REL-F3, REL-F4 lengths", () => {
  test.each([
    [0xffffffff, "FRAME_TOO_LARGE"],
    [0x80000000, "FRAME_TOO_LARGE"],
    [81_921, "FRAME_TOO_LARGE"],
    [4, "PROTOCOL_ERROR"],
    [0, "PROTOCOL_ERROR"],
  ])("length %d is %s, before and after WELCOME", async (length, expected) => {
    const before = await malice.play({ call: "echo" }, async (peer) => {
      await peer.next(rawType.HELLO);
      peer.sendBytes(rawInteger(4, length));
      await peer.closed();
    });
    expect(before.ended).toBe(`${expected} no`);
    const after = await malice.play({ call: "echo" }, async (peer) => {
      await welcome(peer);
      peer.sendBytes(rawInteger(4, length));
      expect(await closingCode(peer)).toBe(expected);
    });
    expect(after.ended).toBe(`${expected} maybe`);
  });

  test("100 heads of 4 GiB keep no memory", async () => {
    const attack = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await malice.play({ call: "echo" }, async (peer) => {
          await welcome(peer);
          peer.sendBytes(frameHead(0xffffffff, rawType.RESULT, 1));
          expect(await closingCode(peer)).toBe("FRAME_TOO_LARGE");
        });
      }
    };
    await attack(20);
    const before = await malice.report();
    await attack(100);
    expect(growth(before, await malice.report()).heldKiB).toBeLessThan(KiB);
  });
});

describe("REL-F5, REL-F6 pieces", () => {
  const first = (call: number) =>
    rawFrames.data(call, { total: 9_000, more: true, raw: true, payload: new Uint8Array(2_000) });
  const next = (call: number, parts: object) =>
    rawFrames.data(call, { offset: 2_064, more: true, raw: true, payload: new Uint8Array(2_000), ...parts });
  const attacks: readonly (readonly [what: string, make: (call: number) => readonly RawFrame[]])[] = [
    ["a piece of one byte", (call) => [first(call), next(call, { payload: new Uint8Array(1) })]],
    [
      "a first piece that is too small",
      (call) => [rawFrames.data(call, { total: 9_000, more: true, payload: new Uint8Array(959) })],
    ],
    ["a second message inside the first", (call) => [first(call), next(call, { total: 9_000 })]],
    ["a gap", (call) => [first(call), next(call, { offset: 2_065 })]],
    ["an overlap", (call) => [first(call), next(call, { offset: 2_063 })]],
    [
      "more than was announced",
      (call) => [first(call), next(call, { more: false, payload: new Uint8Array(7_001) })],
    ],
    [
      "less than was announced",
      (call) => [first(call), next(call, { more: false, payload: new Uint8Array(6_999) })],
    ],
    ["text where bytes were", (call) => [first(call), next(call, { raw: false })]],
    [
      "a result inside an item",
      (call) => [
        first(call),
        rawFrames.result(call, { offset: 2_064, raw: true, payload: new Uint8Array(7_000) }),
      ],
    ],
    ["the end inside an item", (call) => [first(call), rawFrames.end(call, 2_064)]],
    [
      "an error at the wrong place",
      (call) => [rawFrames.error(call, { code: "INTERNAL", message: "" }, { offset: 64 })],
    ],
    [
      "an item behind the end",
      (call) => [rawFrames.end(call, 0), rawFrames.data(call, { raw: true, payload: new Uint8Array(9) })],
    ],
    ["an end at the wrong place", (call) => [rawFrames.end(call, 64)]],
    ["a result at the wrong place", (call) => [rawFrames.result(call, { offset: 64 })]],
  ];
  test.each(attacks)("%s ends the session", async (_, make) => {
    const { ended } = await malice.play({ call: "unread" }, async (peer) => {
      peer.send(...make(await welcome(peer)));
      expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });
});

test("an ERROR may break an item off", async () => {
  const { ended } = await malice.play({ call: "unread" }, async (peer) => {
    const call = await welcome(peer);
    peer.send(rawFrames.data(call, { total: 9_000, more: true, raw: true, payload: new Uint8Array(2_000) }));
    peer.send(
      rawFrames.error(call, { code: "DATA_LOSS", message: "" }, { offset: 2_064 }),
      rawFrames.ping(1),
    );
    await peer.next(rawType.PING);
  });
  expect(ended).toBe("DATA_LOSS maybe");
});

describe("REL-F7 text that is none", () => {
  test("ends its call with DECODE_ERROR, in a result and in an item", async () => {
    const payload = Uint8Array.of(0x22, 0xc0, 0xaf, 0x22);
    const result = await malice.play({ call: "echoTwice" }, async (peer) => {
      peer.send(rawFrames.result(await welcome(peer), { payload }));
      const next = await peer.next(rawType.OPEN);
      peer.send(rawFrames.result(next.call, { payload: rawBytes("3") }));
    });
    expect(result.ended).toBe('["DECODE_ERROR maybe",3]');
    const item = await malice.play({ call: "read" }, async (peer) => {
      const call = await welcome(peer);
      peer.send(rawFrames.data(call, { payload }));
      await peer.next(rawType.CANCEL, call);
      peer.send(rawFrames.error(call, { code: "CANCELLED", message: "" }, { offset: 68 }));
    });
    expect(item.ended).toBe("DECODE_ERROR maybe");
  });

  test("ends the session in an ERROR", async () => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      const call = await welcome(peer);
      const json = rawJoin(rawBytes('{"code":"'), Uint8Array.of(0xed, 0xa0, 0x80), rawBytes('"}'));
      peer.send({
        type: rawType.ERROR,
        flags: 0,
        call,
        body: rawJoin(new Uint8Array(6), rawInteger(2, json.length), json),
      });
      expect(await closingCode(peer)).toBe("DECODE_ERROR");
    });
    expect(ended).toBe("DECODE_ERROR maybe");
  });
});

describe("REL-F8 what is not known", () => {
  test("types 15 to 23 end the session, 24 to 31 are passed over", async () => {
    for (const type of [0, 15, 19, 23]) {
      const { ended } = await malice.play({ call: "echo" }, async (peer) => {
        await welcome(peer);
        peer.send({ type, flags: 0, call: 1, body: new Uint8Array(9) });
        expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
      });
      expect(ended).toBe("PROTOCOL_ERROR maybe");
    }
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      const call = await welcome(peer);
      for (let type = 24; type <= 31; type++)
        peer.send({ type, flags: 0xe0, call: 77, body: new Uint8Array(type) });
      peer.send(rawFrames.result(call, { payload: rawBytes('"well"') }));
    });
    expect(ended).toBe('"well"');
  });

  test("a code that is not known becomes UNKNOWN", async () => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      peer.send(
        rawFrames.error(await welcome(peer), { code: "FROM_THE_FUTURE", message: "?", processed: "no" }),
      );
    });
    expect(ended).toBe("UNKNOWN no");
  });
});
