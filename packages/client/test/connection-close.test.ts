/** ClientConnection: closing it, at whatever moment, leaves neither a link nor a timer, and nobody waiting. */
import { SluiceError } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import type { ClientStatus } from "../src/connection.ts";
import { ConnectionRig } from "./connection-rig.ts";

const closing = new SluiceError("CANCELLED", "enough");

/** Who waits learns it, also who comes later; time brings nothing more. */
async function expectClosed(rig: ConnectionRig, waiting: Promise<unknown>): Promise<void> {
  const told = { code: "CANCELLED", message: "enough", processed: "no" };
  await expect(waiting).rejects.toMatchObject(told);
  await expect(rig.connection.waitForSession()).rejects.toMatchObject(told);
  await rig.run();
  expect(rig.clock.nextTimerMs, "timers that are left").toBeUndefined();
  const attempts = [...rig.attempts];
  await rig.advance(100_000);
  expect([rig.connection.status, rig.attempts, rig.clock.nextTimerMs]).toEqual([
    "closed",
    attempts,
    undefined,
  ]);
  for (const { links } of rig.transports) expect(links.size).toBe(0);
}

describe("ClientConnection.close()", () => {
  test("before start(): no attempt is made", async () => {
    const rig = new ConnectionRig();
    const waiting = rig.connection.waitForSession();
    rig.connection.close(closing);
    rig.connection.start();
    await expectClosed(rig, waiting);
    expect([rig.attempts, rig.statuses]).toEqual([[0], ["closed"]]);
  });

  test("while credentials are brought: no link is asked for", async () => {
    let bring: () => void = () => {};
    const coming = new Promise<void>((resolve) => {
      bring = resolve;
    });
    const rig = new ConnectionRig({ credentials: () => coming });
    const waiting = rig.connection.waitForSession();
    await rig.start();
    rig.connection.close(closing);
    bring();
    await expectClosed(rig, waiting);
    expect(rig.attempts).toEqual([0]);
  });

  test("while a transport connects: the attempt is given up", async () => {
    const rig = new ConnectionRig();
    rig.far.outcome = { name: "hang" };
    const waiting = rig.connection.waitForSession();
    await rig.start();
    rig.connection.close(closing);
    await expectClosed(rig, waiting);
    expect([rig.attempts, rig.far.givenUp]).toEqual([[1], 1]);
  });

  test("while a transport connects that cannot be given up: its link is let go of", async () => {
    const rig = new ConnectionRig();
    const connect = rig.far.connect.bind(rig.far);
    let arrive: () => void = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    rig.far.connect = async () => {
      await arrival;
      return connect();
    };
    const waiting = rig.connection.waitForSession();
    await rig.start();
    rig.connection.close(closing);
    arrive();
    await expectClosed(rig, waiting);
    expect([rig.attempts, rig.far.sessions]).toEqual([[1], []]);
  });

  test("while it shakes hands: the link is let go of at once, not when its time is over", async () => {
    const rig = new ConnectionRig();
    rig.far.outcome = { name: "silence" };
    const waiting = rig.connection.waitForSession();
    await rig.start();
    expect([rig.far.links.size, rig.clock.nextTimerMs]).toEqual([1, 5_000]);
    rig.connection.close(closing);
    await rig.run();
    expect([rig.far.links.size, rig.clock.nextTimerMs]).toEqual([0, undefined]);
    await expectClosed(rig, waiting);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16])("%d turns into the handshake", async (turns) => {
    const rig = new ConnectionRig();
    const waiting = rig.connection.waitForSession();
    // Whoever waits may have a session before.
    const settled = waiting.catch(() => {});
    rig.connection.start();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    rig.connection.close(closing);
    await rig.run();
    await settled;
    expect([rig.connection.status, rig.far.links.size]).toEqual(["closed", 0]);
    await rig.end();
  });

  test("when connected: the peer is told why", async () => {
    const rig = new ConnectionRig();
    await rig.start();
    const { session } = rig.far;
    rig.connection.close(closing);
    await rig.run();
    expect(session.state).toMatchObject({
      name: "closed",
      error: { message: expect.stringContaining("enough") },
    });
    expect(rig.connection.sessions).toEqual([]);
    await rig.end();
  });

  test("between two attempts: there is no next one", async () => {
    const rig = new ConnectionRig();
    rig.far.outcome = { name: "no link", error: new SluiceError("UNAVAILABLE", "nobody there") };
    const waiting = rig.connection.waitForSession();
    await rig.start();
    expect(rig.clock.nextTimerMs).toBe(100);
    rig.connection.close(closing);
    await expectClosed(rig, waiting);
    expect(rig.attempts).toEqual([1]);
  });

  test.each<ClientStatus>(["connecting", "connected", "reconnecting", "draining"])(
    "by who is told that it is %s: that is the end",
    async (status) => {
      const rig = new ConnectionRig();
      rig.onStatus = (told) => {
        if (told === status) rig.connection.close(closing);
      };
      await rig.start();
      if (status === "draining") void rig.far.session.drain(1_000);
      if (status === "reconnecting") rig.far.cut();
      await rig.run();
      expect(rig.statuses.slice(-2)).toEqual([status, "closed"]);
      await expectClosed(rig, rig.connection.waitForSession());
      await rig.end();
    },
  );

  test("twice: the first reason stays, and nobody is told again", async () => {
    const rig = new ConnectionRig();
    await rig.start();
    rig.connection.close(closing);
    rig.connection.close(new SluiceError("INTERNAL", "again"));
    await expectClosed(rig, rig.connection.waitForSession());
    expect(rig.statuses).toEqual(["connecting", "connected", "closed"]);
  });

  test("with an error that says `maybe`: who waited was never part of it", async () => {
    const rig = new ConnectionRig();
    const waiting = rig.connection.waitForSession();
    const error = new SluiceError("UNAVAILABLE", "gone", { processed: "maybe" });
    rig.connection.close(error);
    const told = { code: "UNAVAILABLE", message: "gone", processed: "no", retryable: true, cause: error };
    await expect(waiting).rejects.toMatchObject(told);
    await expect(rig.connection.waitForSession()).rejects.toMatchObject(told);
  });
});
