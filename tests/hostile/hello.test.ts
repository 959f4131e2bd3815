/** REL-F9 and REL-F10: what comes first, and in which version, against a server on a Unix socket. */
import {
  type RawFrame,
  type RawPeer,
  rawBytes,
  rawFrames,
  rawJoin,
  rawType,
  readRawJson,
} from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { handshakeTimeout, Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start({ handshakeTimeout });
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

/** Handlers that were started for anybody but the honest client, which only calls `echo`. */
async function startedByOthers(): Promise<readonly string[]> {
  const { started } = await victim.report();
  return Object.keys(started).filter((name) => name !== "echo");
}

describe("REL-F9 what comes before, beside and after HELLO", () => {
  const early: readonly (readonly [name: string, make: (peer: RawPeer) => RawFrame])[] = [
    ["WELCOME", () => rawFrames.json(rawType.WELCOME, { version: 1 })],
    ["OPEN", (peer) => rawFrames.open(1, { origin: peer.epoch, name: "release" })],
    ["ACCEPT", () => rawFrames.json(rawType.ACCEPT, {}, 1)],
    ["DATA", () => rawFrames.data(1)],
    ["CREDIT", () => rawFrames.credit(1, { received: 0, limit: 1_024 })],
    ["END", () => rawFrames.end(1, 0)],
    ["RESULT", () => rawFrames.result(1)],
    ["ERROR", () => rawFrames.error(1, { code: "INTERNAL", message: "" })],
    ["CANCEL", () => rawFrames.cancel(1)],
    ["DONE", () => rawFrames.done([1])],
    ["PING", () => rawFrames.ping(1)],
    ["DRAIN", () => rawFrames.json(rawType.DRAIN, { grace: 0, retry: 0 })],
  ];
  test.each(early)("%s instead of HELLO is PROTOCOL_ERROR, whatever follows", async (_, make) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.connect();
      const open = rawFrames.open(1, { origin: peer.epoch, name: "release" });
      peer.send(make(peer), peer.greeting(), open);
      expect((await peer.closing()).code).toBe("PROTOCOL_ERROR");
      expect(peer.received.map(({ type }) => type)).toEqual([rawType.CLOSE]);
    });
    expect(await startedByOthers()).toEqual([]);
  });

  test("a second HELLO is PROTOCOL_ERROR", async () => {
    await victim.unharmedBy(async () => {
      for (const twice of [true, false]) {
        const peer = await victim.connect();
        if (twice) peer.send(peer.greeting(), peer.greeting());
        else {
          await peer.shakeHands();
          peer.send(peer.greeting());
        }
        expect((await peer.closing()).code).toBe("PROTOCOL_ERROR");
      }
    });
    expect(await startedByOthers()).toEqual([]);
  });

  test("a HELLO may be 65,536 bytes large, and not larger", async () => {
    await victim.unharmedBy(async () => {
      for (const extra of [0, 1]) {
        const peer = await victim.connect();
        const empty = peer.greeting({ capabilities: "" }).body.length;
        peer.send(peer.greeting({ capabilities: "x".repeat(65_536 - empty + extra) }));
        if (extra === 0) await peer.next(rawType.WELCOME);
        else expect((await peer.closing()).code).toBe("PROTOCOL_ERROR");
        peer.destroy();
      }
    });
  });

  test("10,000 capabilities that nobody knows are passed over", async () => {
    const peer = await victim.connect();
    peer.send(peer.greeting({ c: Array.from({ length: 10_000 }, (_, at) => at) }));
    await peer.next(rawType.WELCOME);
    expect(await peer.request("echo", 1)).toEqual({ result: 1 });
    peer.destroy();
  });

  const odd: readonly (readonly [what: string, changes: Record<string, unknown>])[] = [
    ["no versions", { versions: undefined }],
    ["versions that are none", { versions: ["1"] }],
    ["no codecs", { codecs: undefined }],
    ["no epoch", { epoch: undefined }],
    ["an epoch that is none", { epoch: "00000000000000C1" }],
    ["a peer name above 256 bytes", { peer: "x".repeat(257) }],
    ["no limits", { limits: undefined }],
    ["a window of 0", { window: 0 }],
    ["a window above 65,536", { window: 65_537 }],
    ["a floor below 1,024", { floor: 1_023 }],
    ["a floor above 8,192", { floor: 8_193 }],
    ["a limit that is no number", { limits: { maxMessage: "4" } }],
  ];
  test.each(odd)("a HELLO with %s is PROTOCOL_ERROR", async (_, changes) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.connect();
      peer.send(peer.greeting(changes));
      expect((await peer.closing()).code).toBe("PROTOCOL_ERROR");
    });
  });

  test("members named like prototypes harm nobody", async () => {
    const peer = await victim.connect();
    const hello = rawBytes(
      JSON.stringify(readRawJson(peer.greeting())).replace(
        "{",
        '{"__proto__":{"polluted":1},"constructor":{"prototype":1},',
      ),
    );
    peer.send({ type: rawType.HELLO, flags: 0, call: 0, body: rawJoin(hello) });
    await peer.next(rawType.WELCOME);
    expect(await peer.request("echo", {})).toEqual({ result: {} });
    peer.destroy();
    expect((await victim.report()).troubles).toEqual([]);
  });

  test("silence ends with HANDSHAKE_TIMEOUT", async () => {
    await victim.unharmedBy(async () => {
      const peer = await victim.connect();
      expect((await peer.closing()).code).toBe("HANDSHAKE_TIMEOUT");
    });
  });
});

describe("REL-F10 a version that is not known", () => {
  test.each([[[2]], [[0]], [[2, 3, 4]], [[]], [[1.5]], [[-1]]])("versions %j", async (versions) => {
    await victim.unharmedBy(async () => {
      const peer = await victim.connect();
      peer.send(peer.greeting({ versions }));
      const { code, versions: spoken } = await peer.closing();
      if (versions.every((version) => Number.isInteger(version))) {
        expect([code, spoken]).toEqual(["VERSION_UNSUPPORTED", [1]]);
      } else expect(code).toBe("PROTOCOL_ERROR");
    });
    expect(await startedByOthers()).toEqual([]);
  });
});
