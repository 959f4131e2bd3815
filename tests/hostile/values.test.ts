/** REL-K2, REL-K8, REL-K10: names that nobody declared, values that cannot be sent, and values that are kept; in both roles. */
import {
  type RawPeer,
  rawBytes,
  rawFrames,
  rawJoin,
  rawType,
  readRawData,
  readRawError,
} from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { unencodableNames } from "./children/unencodable.ts";
import { codecNames, inheritedNames, unhex } from "./corpus.ts";
import { Malice } from "./malice.ts";
import { answerWith } from "./send-whole.ts";
import { growth, KiB, Victim } from "./victim.ts";

let victim: Victim;
let malice: Malice;
beforeAll(async () => {
  victim = await Victim.start();
  malice = await Malice.start();
});
afterEach(() => victim.dropAttackers());
afterAll(async () => {
  await victim.stop();
  await malice.stop();
});

/** Runs `attack` twice, the second time measured: it leaves less than `limitKiB` in the server. */
async function leavesLittle(attack: () => Promise<void>, limitKiB: number = KiB): Promise<void> {
  await attack();
  const { before, after, calls } = await victim.unharmedBy(attack);
  expect(calls).toBeGreaterThan(0);
  expect(growth(before, after).heldKiB).toBeLessThan(limitKiB);
}

async function errorOf(peer: RawPeer, call: number): Promise<unknown> {
  const { code, processed, message } = readRawError(await peer.next(rawType.ERROR, call)).json;
  expect(String(message)).not.toContain("canary");
  return `${code} ${processed}`;
}

const names = inheritedNames.filter((name) => name !== "");

describe("REL-K2 names that nobody declared", () => {
  test("REL-K2 a procedure called like what every object has is UNIMPLEMENTED", async () => {
    await leavesLittle(async () => {
      const peer = await victim.session();
      for (const name of names) {
        expect([name, await errorOf(peer, peer.open(name))]).toEqual([name, "UNIMPLEMENTED no"]);
      }
      expect(await peer.request("echo", 1)).toEqual({ result: 1 });
      peer.destroy();
    });
  });

  test("REL-K2 metadata called so are data", async () => {
    await leavesLittle(async () => {
      const peer = await victim.session();
      for (const name of names) {
        const metadata = `{${JSON.stringify(name)}:"polluted"}`;
        expect(await peer.request("echo", name, { metadata })).toEqual({ result: name });
      }
      peer.destroy();
    });
  });

  test("REL-K2 codes of a malicious server called so are UNKNOWN to a client", async () => {
    const before = await malice.report();
    const attempt = { call: "echoMany", count: names.length } as const;
    const { ended } = await malice.play(attempt, async (peer) => {
      await peer.shakeHands();
      for (const code of names) {
        const { call } = await peer.next(rawType.OPEN);
        peer.send(rawFrames.error(call, { code, message: "?", processed: "no" }));
      }
    });
    expect(JSON.parse(ended)).toEqual(names.map(() => "UNKNOWN no"));
    expect(growth(before, await malice.report()).heldKiB).toBeLessThan(KiB);
  });
});

describe.each(codecNames)("REL-K8 values that cannot be sent, as %s", (codec) => {
  test("REL-K8 from a handler are INTERNAL, without a word of what they were; the next call is answered", async () => {
    await leavesLittle(async () => {
      const peer = await victim.session({ codecs: [codec] }, { deadlineMs: 10_000 });
      for (const name of unencodableNames) {
        const payload = codec === "json" ? rawBytes(JSON.stringify(name)) : textOf(name);
        const call = peer.open("offer", { payload });
        expect([name, await errorOf(peer, call)]).toEqual([name, "INTERNAL maybe"]);
        peer.send(rawFrames.done([call]));
      }
      const next = peer.open("echo", { payload: unhex("31") });
      expect(readRawData(await peer.next(rawType.RESULT, next)).payload).toEqual(unhex("31"));
      peer.destroy();
    });
  });

  test("REL-K8 from a caller never leave: INVALID_ARGUMENT or RESOURCE_EXHAUSTED; the next call is answered", async () => {
    const { ended } = await malice.play({ call: "offer", codec }, async (peer) => {
      await peer.shakeHands({ codec });
      await answerWith(peer, unhex("31"));
      // The numbers of calls have no gap: nothing was sent of the others.
      expect(peer.received.filter(({ type }) => type === rawType.OPEN).length).toBe(1);
    });
    const [, , last] = JSON.parse(ended);
    expect(JSON.parse(ended).slice(0, 2)).toEqual(["INVALID_ARGUMENT no", "RESOURCE_EXHAUSTED no"]);
    // 0x31 is the text of 1 in JSON, and 49 in MessagePack.
    expect(last).toBe(codec === "json" ? 1 : 49);
    await malice.report();
  });
});

/** A text of up to 255 bytes, as MessagePack. */
function textOf(text: string): Uint8Array {
  const bytes = rawBytes(text);
  return rawJoin(Uint8Array.of(0xd9, bytes.length), bytes);
}

/** The payload of `{"a": <size bytes of fill>}` as MessagePack. */
function bytesInside(fill: number, size: number): Uint8Array {
  const head = Uint8Array.of(0x81, 0xa1, 0x61, 0xc5, size >> 8, size & 0xff);
  return rawJoin(head, new Uint8Array(size).fill(fill));
}

describe("REL-K10 values that are kept", () => {
  test("REL-K10 stay what they were in a server, whatever comes over the same buffers", async () => {
    await leavesLittle(async () => {
      const peer = await victim.session({ codecs: ["msgpack"] });
      const other = await victim.session({ codecs: ["msgpack"] });
      const kept: Uint8Array[] = [];
      for (let fill = 1; fill <= 50; fill++) {
        const payload = fill % 2 === 0 ? bytesInside(fill, 100) : new Uint8Array(100).fill(fill);
        const call = peer.open("keep", { payload, raw: fill % 2 === 1 });
        await peer.next(rawType.RESULT, call);
        kept.push(payload);
        // The same buffers again, with other bytes.
        const noise = other.open("echo", { payload: new Uint8Array(20_000).fill(0xee), raw: true });
        await other.next(rawType.RESULT, noise);
        other.send(rawFrames.done([noise]));
      }
      const call = peer.open("kept");
      const { payload } = readRawData(await peer.next(rawType.RESULT, call));
      // An array of 50; a byte string inside of it has a head of its own.
      const expected = kept.map((one, at) =>
        at % 2 === 1 ? short(one) : rawJoin(Uint8Array.of(0xc4, 100), one),
      );
      expect(Buffer.from(payload).toString("hex")).toBe(
        Buffer.from(rawJoin(unhex("dc0032"), ...expected)).toString("hex"),
      );
      peer.destroy();
      other.destroy();
    });
  });

  test("REL-K10 stay what they were in a client, whatever a malicious server sends after them", async () => {
    const before = await malice.report();
    const count = 60;
    const { ended } = await malice.play({ call: "echoMany", codec: "msgpack", count }, async (peer) => {
      await peer.shakeHands({ codec: "msgpack" });
      for (let fill = 1; fill <= count; fill++) {
        const { call } = await peer.next(rawType.OPEN);
        const raw = fill % 2 === 1;
        const payload = raw ? new Uint8Array(100).fill(fill) : bytesInside(fill, 100);
        peer.send(rawFrames.result(call, { raw, payload }));
      }
    });
    const expected = Array.from({ length: count }, (_, at) => {
      const text = JSON.stringify(`0x${(at + 1).toString(16).padStart(2, "0").repeat(100)}`);
      return at % 2 === 0 ? text : `{"a":${text}}`;
    });
    expect(JSON.parse(ended)).toEqual(expected);
    expect(growth(before, await malice.report()).heldKiB).toBeLessThan(KiB);
  });
});

/** As msgpackr writes it: a length of one byte where that is enough. */
function short(payload: Uint8Array): Uint8Array {
  return rawJoin(unhex("81a161c464"), payload.subarray(6));
}
