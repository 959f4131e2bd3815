/** REL-K1 to REL-K11: the corpora of hostile payloads as params, in either codec, against a server on a Unix socket. */
import { type RawPeer, rawType, readRawData, readRawError } from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { codecNames, corpus, type HostilePayload, inheritedNames, namedPayload } from "./corpus.ts";
import { openWith } from "./send-whole.ts";
import { growth, KiB, Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

/** Has a server echo `payload`. Gives the code of the refusal, or the payload that came back, in hexadecimal digits. */
async function echoOf(peer: RawPeer, payload: Uint8Array): Promise<string> {
  const call = await openWith(peer, "echo", payload);
  const end = await peer.next([rawType.RESULT, rawType.ERROR], call);
  if (end.type === rawType.RESULT) return shortened(await wholeResult(peer, end));
  const { code, processed } = readRawError(end).json;
  return `${code} ${processed}`;
}

/** The payload of a result that may come in pieces; it fits into the window of the call. */
async function wholeResult(peer: RawPeer, first: Parameters<typeof readRawData>[0]): Promise<Uint8Array> {
  const { payload, total } = readRawData(first);
  const parts = [payload];
  for (let have = payload.length; total !== undefined && have < total; ) {
    const next = readRawData(await peer.next(rawType.RESULT, first.call)).payload;
    parts.push(next);
    have += next.length;
  }
  return Buffer.concat(parts);
}

/** Long bytes by their beginning, end and length. */
function shortened(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return hex.length <= 400 ? hex : `${hex.slice(0, 100)}…${hex.slice(-100)} (${bytes.length})`;
}

function expectedEnd({ code, back }: HostilePayload): string {
  return back === undefined ? `${code} no` : shortened(back);
}

describe.each(codecNames)("as %s", (codec) => {
  const payloads = corpus(codec);

  test.each([
    ["REL-K1 names that every object has are data, or refused", "K1"],
    ["REL-K3 what costs little to send and much to believe is refused", "K3"],
    ["REL-K4 nesting beyond maxDepth is refused", "K4"],
    ["REL-K5 types of an extension, and placeholders, have no meaning", "K5"],
    ["REL-K7 numbers arrive as they are, or are refused", "K7"],
    ["REL-K9 bytes of another codec are refused", "K9"],
    ["REL-K11 what looks like a promise is data", "K11"],
    ["REL-F7 text that is no UTF-8 is refused", "F7"],
  ])("%s, and the session goes on", async (_, id) => {
    const chosen = payloads.filter((one) => one.id === id);
    expect(chosen.length).toBeGreaterThan(4);
    const attack = async (): Promise<void> => {
      const peer = await victim.session({ codecs: [codec] }, { deadlineMs: 10_000 });
      const ends: [string, string][] = [];
      for (const { name, payload } of chosen) ends.push([name, await echoOf(peer, payload)]);
      expect(ends).toEqual(chosen.map((one) => [one.name, expectedEnd(one)]));
      peer.destroy();
    };
    await attack();
    const { before, after, calls } = await victim.unharmedBy(attack);
    expect(calls).toBeGreaterThan(0);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });

  test("REL-K1 members of 46 names, at four depths, are the data that was sent", async () => {
    expect(inheritedNames.length).toBe(46);
    const { before, after } = await victim.unharmedBy(async () => {
      const peer = await victim.session({ codecs: [codec] });
      for (const name of inheritedNames) {
        const isRefused = codec === "msgpack" && name === "__proto__";
        for (const depth of [0, 1, 7, 30]) {
          const payload = namedPayload(codec, name, depth);
          const expected = isRefused ? "DECODE_ERROR no" : shortened(payload);
          expect([name, await echoOf(peer, payload)]).toEqual([name, expected]);
        }
      }
      peer.destroy();
    });
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });
});
