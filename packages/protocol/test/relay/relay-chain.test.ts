/** Any frames that two ends may send each other arrive through relays as they were sent: none lost, doubled, moved or changed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { anyFrame } from "../frame/frame-arbitrary.ts";
import { RelayChain } from "./relay-chain.ts";

const step = fc.oneof(
  {
    arbitrary: fc.record({
      say: anyFrame,
      by: fc.constantFrom("client" as const, "server" as const),
      choice: fc.nat(1_000),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      wire: fc.nat(3),
      direction: fc.constantFrom("toAcceptor" as const, "toConnector" as const),
      most: fc.integer({ min: 1, max: 8 }),
    }),
    weight: 2,
  },
);

describe.each(["binary", "structured"] as const)("relays between two ends of %s links", (kind) => {
  test.each([1, 3])("pass everything on as it was sent, %i in a row", (relays) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const chain = new RelayChain(kind, relays, new FakeClock());
        const { client, server } = chain.ends;
        for (const one of steps) {
          if ("say" in one) chain.ends[one.by].say(one.say, one.choice);
          else chain.deliver(one.wire, one.direction, one.most);
        }
        chain.deliverAll();
        expect(server.received).toEqual(client.sent);
        expect(client.received).toEqual(server.sent);
        expect([client.isClosed, server.isClosed]).toEqual([false, false]);
      }),
      { numRuns: 200 },
    );
  });
});
