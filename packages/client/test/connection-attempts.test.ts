/** ClientConnection: which transport is tried when, with which credentials, and what is not tried again. */
import { FrameType, resolveLimits, SluiceError } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { ReconnectPolicy } from "../src/reconnect-policy.ts";
import { ConnectionRig } from "./connection-rig.ts";
import type { Outcome } from "./scripted-transport.ts";

const unreachable: Outcome = { name: "no link", error: new SluiceError("UNAVAILABLE", "nobody there") };

/** When each further attempt is made, ms after the one before. */
async function gaps(rig: ConnectionRig, count: number): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = [];
  for (let at = 0; at < count; at++) {
    const next = rig.clock.nextTimerMs;
    found.push(next);
    await rig.advance(next ?? 0);
  }
  return found;
}

describe("ClientConnection tries again", () => {
  test("after exactly the delays of its policy, as long as it takes", async () => {
    const rig = new ConnectionRig();
    rig.far.outcome = unreachable;
    await rig.start();
    expect(await gaps(rig, 4)).toEqual([100, 200, 400, 800]);
    expect([rig.attempts, rig.statuses]).toEqual([[5], ["connecting"]]);
    rig.far.outcome = { name: "accept" };
    await rig.advance(1_600);
    expect(rig.statuses).toEqual(["connecting", "connected"]);
    await rig.end();
  });

  test("a loss is the first failure; a connection that has lasted 10 s starts the count anew", async () => {
    const rig = new ConnectionRig();
    await rig.start();
    for (let loss = 0; loss < 2; loss++) {
      await rig.advance(10_000);
      rig.far.outcome = unreachable;
      rig.far.cut();
      await rig.run();
      expect(await gaps(rig, 3)).toEqual([100, 200, 400]);
      rig.far.outcome = { name: "accept" };
      await rig.advance(800);
      expect(rig.connection.status).toBe("connected");
    }
    await rig.end();
  });

  test.each([0, 9_999])(
    "X7 a connection that lasted %d ms does not start the count anew",
    async (lastedMs) => {
      const rig = new ConnectionRig();
      rig.far.outcome = unreachable;
      await rig.start();
      expect(await gaps(rig, 2)).toEqual([100, 200]);
      rig.far.outcome = { name: "accept" };
      for (const delayMs of [400, 800, 1_600, 3_200]) {
        expect(await gaps(rig, 1)).toEqual([delayMs]);
        expect(rig.connection.status).toBe("connected");
        await rig.advance(lastedMs);
        rig.far.cut();
        await rig.run();
      }
      expect(rig.attempts).toEqual([7]);
      await rig.end();
    },
  );

  test("H16 X8 100 connections that are closed at once follow the policy, draw by draw; 10 s of health, and it begins anew", async () => {
    const draws = Array.from({ length: 101 }, (_, at) => (((at * 37) % 101) + 1) / 102);
    let drawn = 0;
    const rig = new ConnectionRig({ reconnect: new ReconnectPolicy({}, () => draws[drawn++] as number) });
    rig.far.afterWelcome = { type: FrameType.CLOSE, call: 0, code: "UNAVAILABLE", reason: "away" };
    await rig.start();
    const found: number[] = [];
    for (let close = 0; close < 100; close++) {
      const [delayMs = Number.NaN] = close < 99 ? await gaps(rig, 1) : [rig.clock.nextTimerMs];
      found.push(delayMs);
    }
    const expected = draws.slice(0, 100).map((draw, at) => draw * Math.min(30_000, 100 * 2 ** at));
    for (const [at, delayMs] of expected.entries()) expect(found[at], `delay ${at}`).toBeCloseTo(delayMs, 3);
    expect([drawn, rig.attempts]).toEqual([100, [100]]);
    rig.far.afterWelcome = undefined;
    await rig.advance(30_000);
    expect(rig.connection.status).toBe("connected");
    await rig.advance(10_000);
    rig.far.cut();
    await rig.run();
    expect(rig.clock.nextTimerMs).toBeCloseTo(100 * (draws[100] as number), 3);
    await rig.end();
  });

  test.each([
    ["when it never was connected", false, 3],
    ["after a loss", true, 2],
  ])("as often as `attempts` says, %s; then it is closed with the last error", async (_, isLoss, tried) => {
    const rig = new ConnectionRig({ reconnect: new ReconnectPolicy({ jitter: "none", attempts: 2 }) });
    if (isLoss) await rig.start();
    const waiting = isLoss ? undefined : rig.connection.waitForSession();
    rig.far.outcome = unreachable;
    rig.far.attempts = 0;
    rig.far.cut();
    await rig.start();
    await gaps(rig, 2);
    expect([rig.connection.status, rig.attempts]).toEqual(["closed", [tried]]);
    const told = { code: "UNAVAILABLE", message: "nobody there", processed: "no" };
    expect(await rig.outcome(waiting ?? rig.connection.waitForSession())).toMatchObject(told);
    await rig.end();
  });

  test("not at all without a policy", async () => {
    const failing = new ConnectionRig({ reconnect: undefined });
    failing.far.outcome = unreachable;
    await failing.start();
    expect([failing.statuses, failing.attempts]).toEqual([["connecting", "closed"], [1]]);
    await failing.end();
    const losing = new ConnectionRig({ reconnect: undefined });
    await losing.start();
    losing.far.cut();
    await losing.run();
    expect([losing.statuses, losing.attempts]).toEqual([["connecting", "connected", "closed"], [1]]);
    await losing.end();
  });

  test("when a peer says nothing within the time for the handshake", async () => {
    const rig = new ConnectionRig();
    rig.far.outcome = { name: "silence" };
    await rig.start();
    expect(await gaps(rig, 3)).toEqual([5_000, 100, 5_000]);
    expect([rig.attempts, rig.far.links.size]).toEqual([[2], 0]);
    await rig.end();
  });
});

describe("ClientConnection with several transports", () => {
  test("tries them in order, without a pause, and waits after the last", async () => {
    const rig = new ConnectionRig({}, 3);
    for (const transport of rig.transports) transport.outcome = unreachable;
    await rig.start();
    expect([rig.attempts, rig.clock.nextTimerMs]).toEqual([[1, 1, 1], 100]);
    expect(rig.log).toEqual(["a", "b", "c"].map((name) => `Cannot connect over ${name}: nobody there`));
    expect(await gaps(rig, 3)).toEqual([100, 200, 400]);
    expect(rig.attempts).toEqual([4, 4, 4]);
    await rig.end();
  });

  test("keeps the first that answers, and leaves those behind it alone", async () => {
    const rig = new ConnectionRig({}, 3);
    rig.far.outcome = unreachable;
    await rig.start();
    expect([rig.attempts, rig.connection.status]).toEqual([[1, 1, 0], "connected"]);
    await rig.end();
  });

  test("begins with the first again after a loss", async () => {
    const rig = new ConnectionRig({}, 2);
    rig.far.outcome = unreachable;
    await rig.start();
    rig.transports[1]?.cut();
    rig.far.outcome = { name: "accept" };
    await rig.run();
    await rig.advance(100);
    expect([rig.attempts, rig.connection.status]).toEqual([[2, 1], "connected"]);
    await rig.end();
  });

  test("counts an early loss as one round more, whichever of them was lost", async () => {
    const rig = new ConnectionRig({}, 3);
    rig.far.outcome = unreachable;
    await rig.start();
    for (const delayMs of [100, 200, 400]) {
      rig.transports[1]?.cut();
      await rig.run();
      expect(await gaps(rig, 1)).toEqual([delayMs]);
      expect(rig.connection.status).toBe("connected");
    }
    expect(rig.attempts).toEqual([4, 4, 0]);
    await rig.end();
  });

  test("counts a round as one attempt", async () => {
    const rig = new ConnectionRig({ reconnect: new ReconnectPolicy({ jitter: "none", attempts: 1 }) }, 2);
    for (const transport of rig.transports) transport.outcome = unreachable;
    await rig.start();
    await gaps(rig, 1);
    expect([rig.attempts, rig.connection.status]).toEqual([[2, 2], "closed"]);
    await rig.end();
  });

  test("does not try the next after an error that is final", async () => {
    const rig = new ConnectionRig({}, 2);
    rig.far.outcome = { name: "refuse", error: new SluiceError("UNAUTHENTICATED", "who are you") };
    await rig.start();
    expect([rig.attempts, rig.connection.status]).toEqual([[1, 0], "closed"]);
    await rig.end();
  });
});

describe("ClientConnection takes an error for final or not", () => {
  const final = [
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "VERSION_UNSUPPORTED",
    "FAILED_PRECONDITION",
    "INVALID_ARGUMENT",
    "PROTOCOL_ERROR",
    "UNIMPLEMENTED",
  ].map((code) => [code, true] as const);
  const passing = [
    "UNAVAILABLE",
    "RESOURCE_EXHAUSTED",
    "HANDSHAKE_TIMEOUT",
    "INTERNAL",
    "ENHANCE_YOUR_CALM",
  ].map((code) => [code, false] as const);

  test.each([...final, ...passing])("%s: %s", async (code, isFinal) => {
    const error = new SluiceError(code, "so it is");
    const ways: Record<string, (rig: ConnectionRig) => Promise<void>> = {
      async "no link"(rig) {
        rig.far.outcome = { name: "no link", error };
        await rig.start();
      },
      async "CLOSE instead of WELCOME"(rig) {
        rig.far.outcome = { name: "refuse", error };
        await rig.start();
      },
      async "CLOSE of a session"(rig) {
        await rig.start();
        rig.far.session.close(error);
        await rig.run();
      },
    };
    for (const [way, fail] of Object.entries(ways)) {
      const rig = new ConnectionRig();
      await fail(rig);
      expect(rig.connection.status === "closed", way).toBe(isFinal);
      const told = await rig.outcome(rig.connection.waitForSession());
      if (isFinal) expect(told, way).toMatchObject({ code, processed: "no" });
      else expect(told, way).toBeUndefined();
      await rig.end();
    }
  });

  test("an error of a transport that is no SluiceError is UNAVAILABLE, and keeps its cause", async () => {
    const rig = new ConnectionRig({ reconnect: undefined });
    const error = new RangeError("port 70000");
    rig.far.outcome = { name: "no link", error };
    await rig.start();
    expect(await rig.outcome(rig.connection.waitForSession())).toMatchObject({
      code: "UNAVAILABLE",
      message: "port 70000",
      cause: error,
      processed: "no",
    });
    await rig.end();
  });
});

describe("ClientConnection sends credentials", () => {
  test.each<[string, unknown, unknown]>([
    ["none", undefined, undefined],
    ["a value", { token: "t" }, { token: "t" }],
    ["what is no object", 0, 0],
    ["what a function gives", () => "made", "made"],
    ["what a function promises", async () => ["later"], ["later"]],
  ])("%s", async (_, credentials, sent) => {
    const rig = new ConnectionRig({ credentials });
    await rig.start();
    expect(rig.far.hellos.map((hello) => hello.credentials)).toEqual([sent]);
    await rig.end();
  });

  test("that a function brings anew for every connection", async () => {
    let asked = 0;
    const rig = new ConnectionRig({ credentials: () => ++asked });
    await rig.start();
    for (const delayMs of [100, 200]) {
      rig.far.cut();
      await rig.run();
      await rig.advance(delayMs);
    }
    expect(rig.far.hellos.map((hello) => hello.credentials)).toEqual([1, 2, 3]);
    await rig.end();
  });

  test("no link is made before they are there", async () => {
    let bring: (value: string) => void = () => {};
    const coming = new Promise<string>((resolve) => {
      bring = resolve;
    });
    const rig = new ConnectionRig({ credentials: () => coming });
    await rig.start();
    expect([rig.attempts, rig.connection.status]).toEqual([[0], "connecting"]);
    bring("here");
    await rig.run();
    expect([rig.attempts, rig.connection.status]).toEqual([[1], "connected"]);
    await rig.end();
  });

  test("a function that never brings any is a failed attempt, once the handshake's time is over", async () => {
    let hangs = true;
    const coming: ((reason: Error) => void)[] = [];
    const rig = new ConnectionRig({
      credentials: () => (hangs ? new Promise((_, reject) => coming.push(reject)) : "fine"),
      limits: resolveLimits({ handshakeTimeout: 700 }),
    });
    await rig.start();
    await rig.advance(699);
    expect([rig.attempts, rig.connection.status, rig.log]).toEqual([[0], "connecting", []]);
    await rig.advance(1);
    const told = "credentials() has brought none within 700 ms (handshakeTimeout)";
    expect(rig.log).toEqual([`Cannot connect over a: ${told}`]);
    expect(rig.connection.lastFailure).toMatchObject({ code: "UNAVAILABLE", message: told, processed: "no" });
    // The first pause of the policy.
    expect([rig.attempts, rig.connection.status, rig.clock.nextTimerMs]).toEqual([[0], "connecting", 100]);
    hangs = false;
    await rig.advance(100);
    expect([rig.attempts, rig.connection.status]).toEqual([[1], "connected"]);
    // Those that come too late, or not at all, concern nobody.
    for (const fail of coming) fail(new Error("the vault has burnt down"));
    await rig.end();
  });

  test("a function that never brings any ends a client that does not connect again", async () => {
    const rig = new ConnectionRig({ credentials: () => new Promise(() => {}), reconnect: undefined });
    const waiting = rig.connection.waitForSession();
    await rig.start();
    await rig.advance(5_000);
    expect(await rig.outcome(waiting)).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    expect(rig.connection.status).toBe("closed");
    await rig.end();
  });

  test("that a closed client still waits for leave no timer", async () => {
    const rig = new ConnectionRig({ credentials: () => new Promise(() => {}) });
    await rig.start();
    expect(rig.clock.nextTimerMs).toBe(5_000);
    rig.connection.close(new SluiceError("CANCELLED", "enough"));
    await rig.clock.advance(0);
    expect(rig.clock.nextTimerMs).toBeUndefined();
    await rig.end();
  });

  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("the vault is closed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("the vault is closed"))],
  ])("a function that %s is a failed attempt", async (_, credentials) => {
    let fails = true;
    const rig = new ConnectionRig({ credentials: () => (fails ? credentials() : "fine") });
    await rig.start();
    expect([rig.attempts, rig.connection.status, rig.clock.nextTimerMs]).toEqual([[0], "connecting", 100]);
    fails = false;
    await rig.advance(100);
    expect([rig.attempts, rig.connection.status]).toEqual([[1], "connected"]);
    await rig.end();
  });

  test("a function that says that there are none is final", async () => {
    const rig = new ConnectionRig({
      credentials: async () => {
        throw new SluiceError("UNAUTHENTICATED", "signed out");
      },
    });
    const waiting = rig.connection.waitForSession();
    await rig.start();
    expect(await rig.outcome(waiting)).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "signed out",
      processed: "no",
    });
    expect([rig.connection.status, rig.attempts]).toEqual(["closed", [0]]);
    await rig.end();
  });
});
