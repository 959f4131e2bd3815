/**
 * Damage at random, from a seed: conversations of well-formed frames with some of their bytes changed, and payloads likewise.
 *
 * Whatever is sent: the other side goes on, or leaves with a code of the wire; it throws nothing, and others notice nothing.
 */
import {
  Dice,
  encodeRaw,
  type RawFrame,
  type RawPeer,
  rawBytes,
  rawFrames,
  rawJoin,
  rawType,
  readRawError,
  readRawJson,
} from "@sluice/protocol/testing";
import { expect } from "vitest";
import { type CodecName, corpus } from "./corpus.ts";
import type { Malice } from "./malice.ts";
import type { Victim } from "./victim.ts";

/** For the server of {@link fuzzPayloads}: params that do not decode are abuse, and one session sends thousands. */
export const patience = { limits: { abuseRate: { events: 1_000, perMs: 1 } } };

/** With what a session may end that was sent damaged frames. */
const sessionCodes = [
  "PROTOCOL_ERROR",
  "FLOW_CONTROL_ERROR",
  "FRAME_TOO_LARGE",
  "DECODE_ERROR",
  "ENHANCE_YOUR_CALM",
];

const edges = [
  0,
  1,
  4,
  5,
  63,
  64,
  65,
  1_023,
  1_024,
  65_535,
  65_536,
  81_920,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** A frame of any type with fields that are often, not always, right. */
function anyFrame(dice: Dice, calls: readonly number[]): RawFrame {
  const call = dice.pick(calls);
  const number = (): number => (dice.oneIn(3) ? dice.pick(edges) : dice.below(3_000));
  const payload = dice.pick([
    rawBytes('"x"'),
    rawBytes("[1,2]"),
    new Uint8Array(dice.below(2_000)),
    rawBytes(""),
  ]);
  const name = dice.pick(["echo", "hold", "collect", "pour", "measure", "release", "__proto__", ""]);
  const parts = { offset: number(), payload, more: dice.oneIn(4), raw: dice.oneIn(2) };
  const total = dice.oneIn(3) ? number() : undefined;
  return dice.weighed<RawFrame>([
    [
      6,
      () =>
        rawFrames.open(call, {
          name,
          number: 1 + dice.below(50),
          payload,
          window: number(),
          openFlags: dice.below(32),
        }),
    ],
    [6, () => rawFrames.data(call, { ...parts, total })],
    [3, () => rawFrames.credit(call, { received: number(), limit: number() })],
    [2, () => rawFrames.end(call, number())],
    [3, () => rawFrames.result(call, { ...parts, total })],
    [2, () => rawFrames.error(call, { code: "INTERNAL", message: "x" }, { offset: number() })],
    [2, () => rawFrames.cancel(call, { abort: dice.oneIn(2), reason: "because" })],
    [2, () => rawFrames.done([call, number()], { rest: dice.oneIn(5) })],
    [2, () => rawFrames.ping(number(), { answer: dice.oneIn(2) })],
    [1, () => rawFrames.json(rawType.DRAIN, { grace: number(), retry: number() })],
    [1, () => ({ type: dice.below(32), flags: dice.below(8) * 32, call, body: payload })],
  ]);
}

/** Changes some bytes: flips, sets, cuts, doubles. */
function damaged(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(Math.max(bytes.length, 1));
  const changed = bytes.slice();
  return dice.weighed<Uint8Array>([
    [
      3,
      () => {
        changed[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
        return changed;
      },
    ],
    [
      3,
      () => {
        changed[at] = dice.pick([0, 0x7f, 0x80, 0xff, dice.below(256)]);
        return changed;
      },
    ],
    [1, () => bytes.slice(0, at)],
    [1, () => rawJoin(bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(9)))],
    [1, () => rawJoin(bytes.subarray(0, at), bytes.subarray(at, at + 40), bytes.subarray(at))],
  ]);
}

function damagedFrames(dice: Dice, calls: readonly number[]): Uint8Array {
  let bytes = rawJoin(...dice.list(1, 12, () => encodeRaw(anyFrame(dice, calls))));
  for (let times = dice.below(4); times > 0; times--) bytes = damaged(bytes, dice);
  return bytes;
}

/** The code with which the other side has left, or `gone` if it had nothing to say. */
function codeOf(peer: RawPeer): unknown {
  const close = peer.received.find(({ type }) => type === rawType.CLOSE);
  return close === undefined ? "gone" : readRawJson(close).code;
}

type Counts = Readonly<Record<string, number>>;

function count(counts: Record<string, number>, end: unknown): void {
  counts[String(end)] = (counts[String(end)] ?? 0) + 1;
}

/** Damaged conversations against a server, before and inside of sessions. Gives how often each end was seen. */
export async function fuzzServer(victim: Victim, seed: number, rounds: number): Promise<Counts> {
  const counts: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const dice = Dice.seeded(seed + round);
    const peer = dice.oneIn(8) ? await victim.connect() : await victim.session();
    if (peer.received.length === 0) peer.sendBytes(damaged(encodeRaw(peer.greeting()), dice));
    peer.sendBytes(damagedFrames(dice, [1, 1, 3, 5, 7, 2, 0]));
    peer.end();
    await peer.closed();
    const code = codeOf(peer);
    if (![...sessionCodes, "VERSION_UNSUPPORTED", "FAILED_PRECONDITION", "gone"].includes(String(code)))
      throw new Error(`Seed ${seed + round}: ${code}`);
    count(counts, code);
  }
  return counts;
}

/** Damaged answers of a malicious server to clients. Gives how often each end was seen. */
export async function fuzzClient(malice: Malice, seed: number, rounds: number): Promise<Counts> {
  const counts: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const dice = Dice.seeded(seed + round);
    const call = dice.pick(["echo", "read", "write", "unread"] as const);
    const { ended } = await malice.play({ call, options: { timeout: 300 } }, async (peer) => {
      if (dice.oneIn(8)) {
        await peer.next(rawType.HELLO);
        peer.sendBytes(damaged(encodeRaw(peer.greeting()), dice));
      } else {
        await peer.shakeHands();
        await peer.next(rawType.OPEN);
      }
      peer.sendBytes(damagedFrames(dice, [1, 1, 1, 3, 2, 4, 0]));
    });
    // A SluiceError, or what the damaged frames happened to say.
    expect(ended, `seed ${seed + round}`).not.toMatch(/^(Type|Range|Reference|Syntax)?Error/);
    count(counts, /^[A-Z_]+ (no|maybe)$/.test(ended) ? ended : "a value");
  }
  return counts;
}

/** Damaged payloads of a codec's corpus in one session: each is a value, or DECODE_ERROR. Gives how often which. */
export async function fuzzPayloads(
  victim: Victim,
  codec: CodecName,
  seed: number,
  rounds: number,
): Promise<Counts> {
  const counts: Record<string, number> = {};
  const payloads = corpus(codec).filter(({ payload }) => payload.length < 2_000);
  const peer = await victim.session({ codecs: [codec] }, { deadlineMs: 10_000 });
  for (let round = 0; round < rounds; round++) {
    const dice = Dice.seeded(seed + round);
    let { payload } = dice.pick(payloads);
    if (dice.oneIn(4)) payload = Uint8Array.from(dice.list(1, 60, () => dice.below(256)));
    for (let times = dice.below(3); times > 0; times--) payload = damaged(payload, dice);
    const call = peer.open("echo", { payload });
    const end = await peer.next([rawType.RESULT, rawType.ERROR], call);
    const code = end.type === rawType.ERROR ? readRawError(end).json.code : "a value";
    if (code !== "a value" && code !== "DECODE_ERROR") throw new Error(`Seed ${seed + round}: ${code}`);
    count(counts, code);
    peer.send(rawFrames.done([call]));
  }
  peer.destroy();
  return counts;
}
