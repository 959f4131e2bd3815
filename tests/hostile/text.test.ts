/** REL-F7 and REL-F8: text that is none, and frames that nobody knows, against a server on a Unix socket. */
import {
  rawBytes,
  rawFrames,
  rawInteger,
  rawJoin,
  rawOpenFlag,
  rawText,
  rawType,
  readRawData,
  readRawError,
} from "@sluice/protocol/testing";
import { connectedSocket } from "@sluice/protocol/testing/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { closingCode } from "./malice.ts";
import { Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

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
        expect(await closingCode(peer)).toBe("DECODE_ERROR");
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
        expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
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
      expect([type, await closingCode(peer)]).toEqual([type, "PROTOCOL_ERROR"]);
    }
    const peer = await victim.session();
    peer.open("echo", { openFlags: rawOpenFlag.halfClosed | 0x20 });
    expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
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
