/** ClientConnection with a session that waits for another link: it is looked for often enough to be found within its grace. */
import { SluiceError } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import type { ConnectionOptions } from "../src/connection.ts";
import { type ReconnectOptions, ReconnectPolicy } from "../src/reconnect-policy.ts";
import { ConnectionRig } from "./connection-rig.ts";

const graceMs = 8_000;
const inTime = graceMs / 4;
const longDelays = { initial: 60_000, max: 60_000 };

/** A connection that has lasted, whose link is lost, and whose server cannot be reached any more. */
async function losing(
  reconnect: ReconnectOptions,
  options: Partial<ConnectionOptions> & { readonly random?: () => number } = {},
): Promise<ConnectionRig> {
  const policy = new ReconnectPolicy({ jitter: "none", ...reconnect }, options.random);
  const rig = new ConnectionRig({ reconnect: policy, ...options });
  rig.far.graceMs = graceMs;
  await rig.start();
  await rig.advance(10_000);
  rig.far.outcome = { name: "no link", error: new SluiceError("UNAVAILABLE", "nobody there") };
  rig.far.cut();
  await rig.run();
  return rig;
}

/** How long each of the next `count` attempts is waited for, ms, whatever else happens meanwhile. */
async function delays(rig: ConnectionRig, count: number): Promise<number[]> {
  const found: number[] = [];
  const before = rig.far.attempts;
  for (let since = rig.clock.now(); found.length < count; ) {
    const next = rig.clock.nextTimerMs;
    if (next === undefined) throw new Error(`No attempt follows the ones after ${found.join(", ")} ms`);
    await rig.advance(next);
    if (rig.far.attempts === before + found.length) continue;
    found.push(rig.clock.now() - since);
    since = rig.clock.now();
  }
  return found;
}

describe("ClientConnection whose session waits", () => {
  test("tries at least every quarter of the grace, and as its policy says before that and once the grace is over", async () => {
    const rig = await losing({});
    const session = rig.connection.anySession;
    expect(await delays(rig, 7)).toEqual([100, 200, 400, 800, 1_600, inTime, inTime]);
    expect([rig.clock.now(), session?.state.name]).toEqual([10_000 + 7_100, "detached"]);
    expect(await delays(rig, 3)).toEqual([inTime, 25_600, 30_000]);
    expect(session?.state.name).toBe("closed");
    await rig.end();
  });

  test("tries four times within the grace, however long the delays of its policy", async () => {
    const rig = await losing(longDelays);
    expect(await delays(rig, 4)).toEqual([inTime, inTime, inTime, inTime]);
    expect(rig.clock.now()).toBe(10_000 + graceMs);
    await rig.end();
  });

  test("draws its delays from all of that quarter, so that clients who have lost one server do not come back as one", async () => {
    const draws = [0.75, 0.25, 0.5, 0.125];
    const rig = await losing({ ...longDelays, jitter: "full" }, { random: () => draws.shift() ?? 1 });
    expect(await delays(rig, 4)).toEqual([1_500, 500, 1_000, 250]);
    await rig.advance(graceMs);
    await rig.end();
  });

  test("does not try sooner than its policy says where no session waits", async () => {
    const rig = await losing(longDelays, { keepsSession: false });
    expect(await delays(rig, 2)).toEqual([60_000, 60_000]);
    await rig.end();
  });
});
