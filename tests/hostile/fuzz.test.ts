/** REL-P1: damage at random, from a seed that is printed, against a server and clients of ours. For longer: tests/long. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { codecNames } from "./corpus.ts";
import { fuzzClient, fuzzPayloads, fuzzServer, patience } from "./fuzz.ts";
import { Malice } from "./malice.ts";
import { growth, handshakeTimeout, KiB, Victim } from "./victim.ts";

const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 2 ** 31);

let victim: Victim;
let malice: Malice;
beforeAll(async () => {
  victim = await Victim.start({ handshakeTimeout, ...patience });
  malice = await Malice.start();
});
afterEach(() => victim.dropAttackers());
afterAll(async () => {
  await victim.stop();
  await malice.stop();
});

test(`REL-P1 400 damaged conversations end with a code, and harm no server (seed ${seed})`, async () => {
  await fuzzServer(victim, seed, 100);
  const { before, after, calls } = await victim.unharmedBy(async () => {
    const ends = await fuzzServer(victim, seed, 400);
    expect(ends.PROTOCOL_ERROR).toBeGreaterThan(10);
  });
  expect(calls).toBeGreaterThan(0);
  expect(growth(before, after).heldKiB).toBeLessThan(2 * KiB);
});

test(`REL-P1 200 damaged answers end with a code, and harm no client (seed ${seed})`, async () => {
  await fuzzClient(malice, seed, 30);
  const before = await malice.report();
  const ends = await fuzzClient(malice, seed, 200);
  expect(Object.keys(ends).length).toBeGreaterThan(3);
  expect(growth(before, await malice.report()).heldKiB).toBeLessThan(2 * KiB);
});

test.each(codecNames)(
  `REL-P1 1,000 damaged payloads of %s are values or DECODE_ERROR (seed ${seed})`,
  async (codec) => {
    await fuzzPayloads(victim, codec, seed, 200);
    const { before, after } = await victim.unharmedBy(async () => {
      const ends = await fuzzPayloads(victim, codec, seed, 1_000);
      expect(ends.DECODE_ERROR).toBeGreaterThan(20);
      expect(ends["a value"]).toBeGreaterThan(20);
    });
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  },
);
