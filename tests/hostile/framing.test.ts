/** REL-F1 to REL-F8: bytes that are no frames, and frames that are no messages, against a server on a Unix socket. */
import {
  type RawPeer,
  rawBytes,
  rawFrames,
  rawInteger,
  rawJoin,
  rawOpenFlag,
  rawText,
  rawType,
  readRawCredit,
  readRawData,
  readRawError,
  readRawJson,
} from "@sluice/protocol/testing";
import { connectedSocket } from "@sluice/protocol/testing/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { growth, KiB, MiB, Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start({ handshakeTimeout: 200 });
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
      const peers: RawPeer[] = [];
      for (let round = 0; round < 10; round++) {
        peers.push(
          ...(await Promise.all(Array.from({ length: 100 }, () => victim.connect({ deadlineMs: 10_000 })))),
        );
      }
      for (const peer of peers) peer.sendBytes(rawJoin(frameHead(65_540, rawType.HELLO, 0), rawBytes("{")));
      const codes = await Promise.all(peers.map(async (peer) => (await peer.closing()).code));
      expect(new Set(codes)).toEqual(new Set(["HANDSHAKE_TIMEOUT"]));
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).rssKiB).toBeLessThan(16 * KiB);
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
      expect((await closing(peer)).code).toBe("PROTOCOL_ERROR");
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(256);
  });

  test("a first piece below 1,024 offset bytes is one of them", async () => {
    const peer = await victim.session();
    await beginMessage(peer, 50_000, 1_024 - 64 - 1);
    expect((await closing(peer)).code).toBe("PROTOCOL_ERROR");
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
      expect((await closing(peer)).code).toBe("PROTOCOL_ERROR");
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
      expect((await closing(peer)).code).toBe("ENHANCE_YOUR_CALM");
    });
  });
});

const broken: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["an overlong slash", [0xc0, 0xaf]],
  ["an overlong NUL", [0xc0, 0x80]],
  ["half a surrogate pair", [0xed, 0xa0, 0x80]],
  ["a surrogate pair as two characters", [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ["a lone continuation", [0x80]],
  ["a character that is cut", [0xf0, 0x9f, 0x98]],
  ["a character above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
];

describe("REL-F7 text", () => {
  const text = "a😀b";
  const encoded = rawBytes(JSON.stringify(text));

  test("arrives whole, however its bytes are cut into writes", async () => {
    for (let cut = 1; cut < encoded.length; cut++) {
      const socket = await connectedSocket(victim.address);
      const chunks: Uint8Array[] = [];
      socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      const peer = await victim.session();
      const open = rawFrames.open(peer.takeCall(), { origin: peer.epoch, name: "echo", payload: encoded });
      const bytes = rawJoin(
        rawInteger(4, 5 + open.body.length),
        rawInteger(1, open.type),
        rawInteger(4, open.call),
        open.body,
      );
      const at = bytes.length - encoded.length + cut;
      peer.sendBytes(bytes.subarray(0, at));
      await victim.honest.request("echo", { param: 0 });
      peer.sendBytes(bytes.subarray(at));
      const result = await peer.next(rawType.RESULT);
      expect(JSON.parse(rawText(readRawData(result).payload))).toBe(text);
      peer.destroy();
      socket.destroy();
    }
  });

  test("arrives whole, however its bytes are cut into pieces", async () => {
    const padding = "x".repeat(1_500);
    const whole = rawBytes(JSON.stringify(`${padding}😀${padding}`));
    const at = 1 + padding.length;
    for (let cut = at; cut <= at + 4; cut++) {
      const peer = await victim.session();
      const call = peer.open("echo", { payload: whole.subarray(0, cut), total: whole.length });
      await peer.next(rawType.CREDIT, call);
      peer.send(rawFrames.data(call, { offset: 64 + cut, payload: whole.subarray(cut) }));
      const result = await peer.next(rawType.RESULT, call);
      expect(rawText(readRawData(result).payload)).toBe(rawText(whole));
      peer.destroy();
    }
  });

  test.each(broken)("that holds %s ends its call with DECODE_ERROR, and no other", async (_, bytes) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.session();
      const payload = rawJoin(rawBytes('"'), Uint8Array.from(bytes), rawBytes('"'));
      const call = peer.open("echo", { payload });
      const { json } = readRawError(await peer.next(rawType.ERROR, call));
      expect([json.code, json.processed]).toEqual(["DECODE_ERROR", "no"]);
      expect(await peer.request("echo", 1)).toEqual({ result: 1 });
      peer.destroy();
    });
  });

  test.each(broken)("that holds %s ends the session where it is no payload", async (_, bytes) => {
    await victim.unharmedBy(async () => {
      for (const [type, call] of [
        [rawType.CANCEL, 1],
        [rawType.HELLO, 0],
      ] as const) {
        const peer = await victim.session();
        const body = rawJoin(rawBytes('{"a":"'), Uint8Array.from(bytes), rawBytes('"}'));
        peer.send({ type, flags: 0, call, body });
        expect((await closing(peer)).code).toBe("DECODE_ERROR");
      }
    });
  });
});

describe("REL-F8 what is not known", () => {
  const types = [0, 15, 16, 17, 18, 19, 20, 21, 22, 23];
  test.each(types)("type %d ends the session", async (type) => {
    await victim.unharmedBy(async () => {
      for (const peer of [await victim.connect(), await victim.session()]) {
        peer.send({ type, flags: 0, call: 1, body: new Uint8Array(10) });
        expect((await closing(peer)).code).toBe("PROTOCOL_ERROR");
      }
    });
  });

  test("flags that a type does not have end the session", async () => {
    const undefinedFlags: readonly (readonly [
      type: number,
      flags: number,
      call: number,
      bodyBytes: number,
    ])[] = [
      [rawType.OPEN, 0x80, 1, 40],
      [rawType.CREDIT, 0x20, 1, 12],
      [rawType.END, 0x40, 1, 6],
      [rawType.CANCEL, 0x80, 1, 0],
      [rawType.DONE, 0x40, 0, 4],
      [rawType.PING, 0x80, 0, 4],
      [rawType.DRAIN, 0x20, 0, 2],
      [rawType.CLOSE, 0x20, 0, 2],
    ];
    for (const [type, flags, call, bodyBytes] of undefinedFlags) {
      const peer = await victim.session();
      peer.send({ type, flags, call, body: new Uint8Array(bodyBytes) });
      expect([type, (await closing(peer)).code]).toEqual([type, "PROTOCOL_ERROR"]);
    }
    const peer = await victim.session();
    peer.open("echo", { openFlags: rawOpenFlag.halfClosed | 0x20 });
    expect((await closing(peer)).code).toBe("PROTOCOL_ERROR");
  });

  test("types 24 to 31 are passed over, with any flags and any call", async () => {
    const peer = await victim.session();
    for (let type = 24; type <= 31; type++) {
      for (const flags of [0, 0x20, 0x40, 0x80, 0xe0]) {
        for (const call of [0, 1, 2, 0xffffffff])
          peer.send({ type, flags, call, body: new Uint8Array(type) });
      }
    }
    expect(await peer.request("echo", "next")).toEqual({ result: "next" });
    peer.destroy();
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
