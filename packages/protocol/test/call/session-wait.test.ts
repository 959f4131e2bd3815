/** SessionWait: one outcome, once, and nothing that stays armed or listened to. */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { CallRoute } from "../../src/call/call-opener.ts";
import { SessionWait, type SessionWaitOptions } from "../../src/call/session-wait.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import type { Session } from "../../src/session/session.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const session = { name: "a session" } as unknown as Session;

interface World {
  readonly clock: FakeClock;
  readonly outcomes: unknown[];
  readonly controller: AbortController;
  readonly wait: SessionWait;
  /** How often a session was asked for. */
  asked: number;
  bring(found: Session): void;
  refuse(reason: unknown): void;
}

function world(options: Partial<SessionWaitOptions> = {}): World {
  const clock = new FakeClock();
  const outcomes: unknown[] = [];
  const controller = new AbortController();
  let settle!: Pick<World, "bring" | "refuse">;
  const coming = new Promise<Session>((bring, refuse) => {
    settle = { bring, refuse };
  });
  const counts = { asked: 0 };
  const route = {
    session: undefined,
    lastFailure: new SluiceError("UNAVAILABLE", "refused"),
    waitForSession() {
      counts.asked++;
      return coming;
    },
  } as unknown as CallRoute;
  const call = {
    found: (found: Session) => void outcomes.push(found),
    waitEnded: ({ code, message, processed }: SluiceError) => void outcomes.push([code, message, processed]),
  };
  const wait = new SessionWait(call, {
    clock,
    route,
    signal: controller.signal,
    pauseMs: 100,
    leftMs: 1_000,
    processed: "maybe",
    failFastWith: undefined,
    expiry: "it did not end",
    ...options,
  });
  return {
    clock,
    outcomes,
    controller,
    wait,
    ...settle,
    get asked() {
      return counts.asked;
    },
  };
}

describe("SessionWait", () => {
  it("asks for a session after its pause, and brings it", async () => {
    const { clock, outcomes, bring, controller, ...rest } = world();
    await clock.advance(99);
    const before = rest.asked;
    await clock.advance(1);
    bring(session);
    await clock.advance(0);
    expect([before, outcomes]).toEqual([0, [session]]);
    expect([clock.armedTimers, getEventListeners(controller.signal, "abort")]).toEqual([0, []]);
  });

  it("asks at once without a pause, and in the next turn with one of 0 ms", async () => {
    const [now, next] = [world({ pauseMs: undefined }), world({ pauseMs: 0 })];
    expect([now.asked, next.asked]).toEqual([1, 0]);
    await next.clock.advance(0);
    expect(next.asked).toBe(1);
  });

  it.each<[string, (made: World) => unknown, unknown]>([
    [
      "its time",
      ({ clock }) => clock.advance(1_000),
      ["DEADLINE_EXCEEDED", "it did not end (refused)", "maybe"],
    ],
    [
      "its signal",
      ({ controller }) => controller.abort("why"),
      ["CANCELLED", "The call was cancelled: why", "maybe"],
    ],
    ["its user", ({ wait }) => wait.cancel(), ["CANCELLED", "The call was cancelled", "maybe"]],
    [
      "whoever knows why",
      ({ wait }) => wait.end(new SluiceError("ABORTED", "so")),
      ["ABORTED", "so", "maybe"],
    ],
    [
      "its route",
      ({ clock, refuse }) => {
        refuse(new Error("gone"));
        return clock.advance(100);
      },
      ["UNAVAILABLE", "gone", "maybe"],
    ],
  ])("is ended by %s, once, whatever comes later", async (_, end, outcome) => {
    const made = world();
    await end(made);
    await made.clock.advance(0);
    expect(made.outcomes).toEqual([outcome]);
    expect([made.clock.armedTimers, getEventListeners(made.controller.signal, "abort")]).toEqual([0, []]);
    made.bring(session);
    made.wait.cancel("again");
    made.controller.abort();
    await made.clock.advance(10_000);
    expect(made.outcomes).toEqual([outcome]);
  });

  it("that shall not wait fails after its pause where there is no session", async () => {
    const made = world({ failFastWith: new SluiceError("UNAVAILABLE", "it had failed") });
    await made.clock.advance(100);
    expect([made.outcomes, made.asked]).toEqual([[["UNAVAILABLE", "it had failed", "maybe"]], 0]);
  });
});
