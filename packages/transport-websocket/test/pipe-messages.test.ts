/** Messages of a pipe: every byte once and in order, none too large, none empty. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { pipeMessages } from "../src/pipe-messages.ts";

test("messages hold what was written, in order, at most 64 KiB each", () => {
  const lengths = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 65_000, max: 200_000 })),
    {
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(lengths, (given) => {
      const chunks = given.map((length, index) => new Uint8Array(length).fill(index + 1));
      const messages = pipeMessages(chunks);
      expect(Buffer.concat(messages).equals(Buffer.concat(chunks))).toBe(true);
      for (const { length } of messages) {
        expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(64 * 1024);
      }
    }),
    { numRuns: 50 },
  );
});
