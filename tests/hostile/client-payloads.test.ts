/** REL-K1 to REL-K11 by a malicious server: the corpora of hostile payloads as results, in either codec, against a client of ours. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codecNames, corpus, inheritedNames, namedPayload } from "./corpus.ts";
import { Malice } from "./malice.ts";
import { answerWith } from "./send-whole.ts";
import { growth, KiB } from "./victim.ts";

let malice: Malice;
beforeAll(async () => {
  malice = await Malice.start();
});
afterAll(() => malice.stop());

/** Answers the calls of one client with these results. Gives how each call ended. */
async function endsOf(
  codec: "json" | "msgpack",
  payloads: readonly Uint8Array[],
): Promise<readonly string[]> {
  const attempt = { call: "echoMany", codec, count: payloads.length } as const;
  const { ended, status } = await malice.play(attempt, async (peer) => {
    await peer.shakeHands({ codec });
    for (const payload of payloads) await answerWith(peer, payload);
  });
  expect(status).toBe("connected");
  return JSON.parse(ended);
}

/** Long text by its beginning, end and length. */
function shortened(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 100)}…${text.slice(-100)} (${text.length})`;
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
    ["REL-K11 what looks like a promise is data, also when it is awaited", "K11"],
    ["REL-F7 text that is no UTF-8 is refused", "F7"],
  ])("%s, and the session goes on", async (_, id) => {
    const chosen = payloads.filter((one) => one.id === id);
    expect(chosen.length).toBeGreaterThan(4);
    const attack = async (): Promise<void> => {
      const ends = await endsOf(
        codec,
        chosen.map(({ payload }) => payload),
      );
      expect(ends.map((end, at) => [chosen[at]?.name, shortened(end)])).toEqual(
        chosen.map(({ name, code, value }) => [name, shortened(value ?? `${code} maybe`)]),
      );
    };
    await attack();
    const before = await malice.report();
    await attack();
    expect(growth(before, await malice.report()).heldKiB).toBeLessThan(KiB);
  });

  test("REL-K1 members of 46 names, at four depths, are the data that was sent", async () => {
    const depths = [0, 1, 7, 30];
    const sent = inheritedNames.flatMap((name) => depths.map((depth) => ({ name, depth })));
    const before = await malice.report();
    const ends = await endsOf(
      codec,
      sent.map(({ name, depth }) => namedPayload(codec, name, depth)),
    );
    const expected = sent.map(({ name, depth }) =>
      codec === "msgpack" && name === "__proto__"
        ? "DECODE_ERROR maybe"
        : Buffer.from(namedPayload("json", name, depth)).toString(),
    );
    expect(ends).toEqual(expected);
    expect(growth(before, await malice.report()).heldKiB).toBeLessThan(KiB);
  });
});
