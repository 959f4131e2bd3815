/** The link of a direct call is one as any other. */
import { transportSuite } from "@sluice/protocol/testing";
import { FrameType, type Link, systemClock } from "@sluice/protocol/wire";
import { describe, expect, it, test } from "vitest";
import { localLinks } from "../src/local-links.ts";

transportSuite("local links", {
  test: { describe, it },
  setup() {
    let accept: (link: Link) => void = () => {};
    return {
      accept(onLink) {
        accept = onLink;
      },
      async connect() {
        const [one, other] = localLinks({ transport: "local" }, systemClock);
        accept(other);
        return one;
      },
      async cleanup() {},
    };
  },
});

test("links that answer each other without a pause leave timers their turn", async () => {
  const [one, other] = localLinks({ transport: "local" }, systemClock);
  let rounds = 0;
  let isOver = false;
  const answer = (link: Link): void => {
    link.receive({
      frame(frame) {
        rounds++;
        if (!isOver) link.send(frame);
      },
      malformed() {},
      flushing() {},
      writable() {},
      closed() {},
    });
  };
  answer(one);
  answer(other);
  one.send({ type: FrameType.PING, call: 0, answer: false, nonce: 1 });
  // Would never come back without turns for timers.
  for (let fired = 0; fired < 5; fired++) await new Promise((resolve) => setTimeout(resolve, 0));
  isOver = true;
  expect(rounds).toBeGreaterThan(100);
});
