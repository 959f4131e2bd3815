/** REL-S4, REL-S5, REL-S8: claims about identity, about what was received, and where credentials turn up. Both roles. */
import { type RawPeer, rawFrames, rawType, readRawError } from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { closingCode, Malice } from "./malice.ts";
import { growth, KiB, Victim } from "./victim.ts";

const secret = "s3cr3t-0d9f-canary";

let victim: Victim;
/** Lets in who knows the secret; tells everything that it logs. */
let guarded: Victim;
let malice: Malice;
beforeAll(async () => {
  victim = await Victim.start();
  guarded = await Victim.start({ secret }, { credentials: secret });
  malice = await Malice.start();
});
afterEach(() => {
  victim.dropAttackers();
  guarded.dropAttackers();
});
afterAll(async () => {
  await victim.stop();
  await guarded.stop();
  await malice.stop();
});

describe("REL-S4 who says to have received what was never sent", () => {
  test("REL-S4 loses the session, before and after the call was answered", async () => {
    const attack = async (): Promise<void> => {
      for (const beyond of [1, 2 ** 20, 2 ** 47]) {
        const peer = await victim.session();
        const call = peer.open("pour", { window: 1_024, payload: new TextEncoder().encode('{"bytes":960}') });
        await peer.next(rawType.DATA, call);
        peer.send(rawFrames.credit(call, { received: 1_024 + beyond, limit: 1_024 + beyond }));
        expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
      }
    };
    await attack();
    const { before, after, calls } = await victim.unharmedBy(attack);
    expect(calls).toBeGreaterThan(0);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });

  test("REL-S4 by a malicious server: the client's session ends, too", async () => {
    const { ended } = await malice.play({ call: "write" }, async (peer) => {
      await peer.shakeHands();
      const { call } = await peer.next(rawType.OPEN);
      // The param and the floor of the first item may have left: nothing beyond.
      peer.send(rawFrames.credit(call, { received: 100_000, limit: 100_000 }));
      expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });
});

async function refusal(peer: RawPeer, call: number): Promise<string> {
  const { code, processed } = readRawError(await peer.next(rawType.ERROR, call)).json;
  return `${code} ${processed}`;
}

describe("REL-S5 calls in the name of another", () => {
  test("REL-S5 another's epoch as origin is PERMISSION_DENIED, and the other's own call is untouched", async () => {
    const attack = async (): Promise<void> => {
      const owner = await victim.connect({ epoch: "00000000000000d1" });
      await owner.shakeHands();
      const held = owner.open("hold", { openFlags: 0 });
      await owner.next(rawType.CREDIT, held);
      const thief = await victim.connect({ epoch: "00000000000000d2" });
      await thief.shakeHands();
      const { started } = await victim.glance();
      // The very key of the running call, a new one, and a key that came by a relay.
      const claims = [{ number: 1 }, { number: 99 }, { number: 1, openFlags: 1 | 16 }];
      for (const claim of claims) {
        const call = thief.open("hold", { origin: owner.epoch, ...claim });
        expect(await refusal(thief, call)).toBe("PERMISSION_DENIED no");
      }
      expect((await victim.glance()).started.hold).toBe(started.hold);
      // The owner's call still runs, and ends by the owner's word alone.
      owner.send(rawFrames.cancel(held, { abort: true }));
      expect(await refusal(owner, held)).toMatch(/^CANCELLED /);
      owner.destroy();
      thief.destroy();
    };
    await attack();
    const { before, after } = await victim.unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });

  test("REL-S5 an epoch that another connection has is no key to its calls", async () => {
    const owner = await victim.session();
    const held = owner.open("hold", { openFlags: 0, number: 7 });
    await owner.next(rawType.CREDIT, held);
    const double = await victim.session();
    expect(double.epoch).toBe(owner.epoch);
    double.send(rawFrames.cancel(held, { abort: true }));
    expect(await closingCode(double)).toBe("PROTOCOL_ERROR");
    const again = await victim.session();
    expect(await again.request("echo", 1, { number: 7 })).toEqual({ result: 1 });
    // Nothing of that has reached the owner's call.
    owner.send(rawFrames.ping(1));
    await owner.next(rawType.PING);
    expect(owner.received.filter(({ call }) => call === held).map(({ type }) => type)).toEqual([
      rawType.CREDIT,
    ]);
  });

  test("REL-S5 by a malicious server: a call to a client in another's name is PERMISSION_DENIED", async () => {
    const { ended } = await malice.play({ call: "serve" }, async (peer) => {
      await peer.shakeHands();
      const own = await peer.next(rawType.OPEN);
      const call = peer.open("ignore", { origin: "00000000000000ff" });
      expect(await refusal(peer, call)).toBe("PERMISSION_DENIED no");
      peer.send(rawFrames.result(own.call));
    });
    expect(JSON.parse(ended)[0]).toBe(null);
  });
});

describe("REL-S8 credentials", () => {
  test("REL-S8 are in no log, no event, no description and no answer, right or wrong", async () => {
    const calls = await guarded.besideHonest(async () => {
      const wrong = await guarded.connect();
      wrong.send(wrong.greeting({ credentials: `${secret}-not` }));
      const close = await wrong.closing();
      expect(close.code).toBe("UNAUTHENTICATED");
      expect(JSON.stringify(close)).not.toContain(secret);
      const right = await guarded.session({ credentials: secret });
      // What is logged whole: a handler that fails, a call that nobody serves, frames that end the session.
      const failing = right.open("offer", { payload: new TextEncoder().encode('"a function"') });
      expect(await refusal(right, failing)).toBe("INTERNAL maybe");
      expect(await refusal(right, right.open("nobody"))).toBe("UNIMPLEMENTED no");
      right.open("$describe");
      await right.next([rawType.RESULT, rawType.ERROR]);
      right.send(right.greeting({ credentials: secret }));
      expect(await closingCode(right)).toBe("PROTOCOL_ERROR");
      for (const peer of [wrong, right]) {
        for (const { body } of peer.received)
          expect(Buffer.from(body).toString("latin1")).not.toContain(secret);
      }
    });
    expect(calls).toBeGreaterThan(0);
    const { logged, endings } = await guarded.report();
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify([logged, endings])).not.toContain(secret);
  });
});
