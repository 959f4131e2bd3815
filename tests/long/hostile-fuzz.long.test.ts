/** REL-P1 for minutes: what tests/hostile/fuzz.test.ts does, many times as often. SLUICE_FUZZ_ROUNDS scales it. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { codecNames } from "../hostile/corpus.ts";
import { fuzzClient, fuzzPayloads, fuzzServer, patience } from "../hostile/fuzz.ts";
import { Malice } from "../hostile/malice.ts";
import { growth, KiB, Victim } from "../hostile/victim.ts";

const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 2 ** 31);
const rounds = Number(process.env.SLUICE_FUZZ_ROUNDS ?? 5_000);

let victim: Victim;
let malice: Malice;
beforeAll(async () => {
  victim = await Victim.start({ handshakeTimeout: 200, ...patience });
  malice = await Malice.start();
});
afterEach(() => victim.dropAttackers());
afterAll(async () => {
  await victim.stop();
  await malice.stop();
});

test(`REL-P1 damaged conversations harm no server (seed ${seed}, ${rounds} of them)`, async () => {
  const { before, after } = await victim.unharmedBy(async () => {
    console.log(await fuzzServer(victim, seed, rounds));
  });
  expect(growth(before, after).heldKiB).toBeLessThan(4 * KiB);
});

test(`REL-P1 damaged answers harm no client (seed ${seed}, ${rounds / 4} of them)`, async () => {
  const before = await malice.report();
  console.log(await fuzzClient(malice, seed, rounds / 4));
  expect(growth(before, await malice.report()).heldKiB).toBeLessThan(4 * KiB);
});

test.each(codecNames)(
  `REL-P1 damaged payloads of %s are values or DECODE_ERROR (seed ${seed})`,
  async (codec) => {
    const { before, after } = await victim.unharmedBy(async () => {
      console.log(await fuzzPayloads(victim, codec, seed, 10 * rounds));
    });
    expect(growth(before, after).heldKiB).toBeLessThan(4 * KiB);
  },
);
