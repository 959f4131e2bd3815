/** When a silent link is asked and given up, by what both sides say. Spec: docs/wire.md §3.1, §4.10. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { agreedHeartbeat } from "../../src/session/agreed-heartbeat.ts";
import { rawConnector } from "./raw-end.ts";
import { sessionPair } from "./session-pair.ts";

const standard = { heartbeat: 15_000, deadAfter: 30_000 };

describe("the heartbeat that is agreed on", () => {
  it.each([
    { name: "a peer that says nothing", own: standard, said: undefined, agreed: standard },
    { name: "a peer that wants the same", own: standard, said: 15_000, agreed: standard },
    { name: "a peer that has more time", own: standard, said: 60_000, agreed: standard },
    { name: "the longest time there is", own: standard, said: 2 ** 32 - 1, agreed: standard },
    {
      name: "a peer in more of a hurry",
      own: standard,
      said: 10_000,
      agreed: { heartbeat: 10_000, deadAfter: 20_000 },
    },
    {
      name: "a hurry in which nobody could answer",
      own: standard,
      said: 2_000,
      agreed: { heartbeat: 2_000, deadAfter: 7_000 },
    },
    {
      name: "a peer that asks for floods",
      own: standard,
      said: 1,
      agreed: { heartbeat: 1_000, deadAfter: 6_000 },
    },
    {
      name: "own times that are shorter still",
      own: { heartbeat: 50, deadAfter: 150 },
      said: 1,
      agreed: { heartbeat: 50, deadAfter: 150 },
    },
    {
      name: "own patience below 5 s",
      own: { heartbeat: 6_000, deadAfter: 8_000 },
      said: 3_000,
      agreed: { heartbeat: 3_000, deadAfter: 5_000 },
    },
  ])("with $name", ({ own, said, agreed }) => {
    expect(agreedHeartbeat(own, said)).toEqual(agreed);
  });

  it("never asks or waits longer than this side alone would, nor gives an answer no time", () => {
    const times = fc.tuple(fc.integer({ min: 10, max: 3_600_000 }), fc.integer({ min: 1, max: 3_600_000 }));
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 2 ** 32 - 1 }), ([heartbeat, answer], said) => {
        const deadAfter = heartbeat + answer;
        const agreed = agreedHeartbeat({ heartbeat, deadAfter }, said);
        expect(agreed.heartbeat).toBeLessThanOrEqual(heartbeat);
        expect(agreed.heartbeat).toBeGreaterThanOrEqual(Math.min(heartbeat, 1_000));
        expect(agreed.deadAfter).toBeLessThanOrEqual(deadAfter);
        expect(agreed.deadAfter - agreed.heartbeat).toBeGreaterThanOrEqual(Math.min(answer, 5_000));
      }),
    );
  });

  it("is that of the hastier side at both ends, whichever that is", async () => {
    for (const hasty of ["connectorLimits", "acceptorLimits"] as const) {
      const pair = await sessionPair({ [hasty]: { heartbeat: 4_000, deadAfter: 9_000 }, isWatched: true });
      const pings = (): number[] =>
        (["toAcceptor", "toConnector"] as const).map(
          (direction) => pair.auditor.ofType(direction, FrameType.PING).length,
        );
      await pair.advance(3_999);
      await pair.run();
      expect(pings()).toEqual([0, 0]);
      await pair.advance(1);
      await pair.run();
      // Each asks, and answers.
      expect(pings()).toEqual([2, 2]);
      pair.connector.session.close(new SluiceError("CANCELLED", "enough"));
      await pair.expectOver();
    }
  });

  it("of 1 ms costs a PING a second, and the link is given 5 s to answer", async () => {
    const { clock, wire, raw, ...peer } = await rawConnector(
      {},
      { isWatched: true, hello: { heartbeat: 1 } },
    );
    await clock.advance(999);
    await wire.run();
    expect(raw.ofType(FrameType.PING)).toHaveLength(0);
    await clock.advance(5_000);
    await wire.run();
    expect([raw.ofType(FrameType.PING).length, raw.isClosed]).toEqual([1, false]);
    await clock.advance(1);
    expect([raw.isClosed || wire.acceptor.state, peer.acceptor.session.state.name]).toEqual([
      "closed",
      "closed",
    ]);
  });
});
