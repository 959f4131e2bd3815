/** A client of several addresses whose server drains: new calls go to the next, what runs comes to its end where it is. */
import { FrameType, type Session, SluiceError } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { ReconnectPolicy } from "../src/reconnect-policy.ts";
import { ConnectionRig } from "./connection-rig.ts";

const closing = new SluiceError("CANCELLED", "enough");

/** Connected over `a`, whose server drains. */
async function leaving(): Promise<ConnectionRig> {
  const rig = new ConnectionRig({}, 2);
  for (const transport of rig.transports) transport.graceMs = 30_000;
  await rig.start();
  void rig.far.session.drain(1_000);
  await rig.run();
  return rig;
}

describe("ClientConnection whose server drains while there is another", () => {
  test("opens calls at the next one, and keeps the session that drains until it is over", async () => {
    const rig = await leaving();
    const waiting = rig.connection.waitForSession();
    expect(rig.statuses).toEqual(["connecting", "connected", "draining", "connected"]);
    const [a, b] = rig.transports;
    expect([a.attempts, b?.attempts, rig.connection.status]).toEqual([1, 1, "connected"]);
    const { session, sessions } = rig.connection;
    expect((await rig.outcome(waiting)) === session).toBe(true);
    expect(sessions.map(({ peer }) => peer.name)).toEqual(["b", "a"]);
    a.session.close(closing);
    await rig.run();
    expect([rig.connection.sessions.length, rig.connection.status]).toEqual([1, "connected"]);
    await rig.end();
  });

  test("comes there within the time that the server has asked for, drawn at random", async () => {
    const rig = new ConnectionRig({ reconnect: new ReconnectPolicy({}, () => 0.25) }, 2);
    await rig.start();
    void rig.far.session.drain(1_000, 2_000);
    await rig.run();
    expect([rig.connection.status, rig.clock.nextTimerMs]).toEqual(["draining", 500]);
    await rig.advance(500);
    expect([rig.connection.status, rig.attempts]).toEqual(["connected", [1, 1]]);
    await rig.end();
  });

  test("X39 heeds the time that is asked for in the same breath as WELCOME", async () => {
    const rig = new ConnectionRig({ reconnect: new ReconnectPolicy({}, () => 0.5) });
    rig.far.afterWelcome = { type: FrameType.DRAIN, call: 0, grace: 1_000, retry: 10_000 };
    await rig.start();
    expect(rig.connection.status).toBe("draining");
    rig.far.afterWelcome = undefined;
    rig.far.cut();
    await rig.run();
    expect([rig.connection.status, rig.clock.nextTimerMs]).toEqual(["reconnecting", 5_000]);
    await rig.end();
  });

  test("looks for the session that drains when its link is lost, at its own server first", async () => {
    const rig = await leaving();
    const [a, b] = rig.transports;
    const [, drained] = rig.connection.sessions;
    a.cut();
    await rig.run();
    expect([drained?.state.name, rig.connection.status]).toEqual(["detached", "connected"]);
    await rig.advance(100);
    expect([a.attempts, b?.attempts]).toEqual([2, 1]);
    expect(a.hellos.map(({ session }) => typeof session)).toEqual(["string", "object"]);
    // It has found none, so this one is over, and the new one is not wanted.
    expect([drained?.state.name, rig.connection.sessions.length]).toEqual(["closed", 1]);
    expect(a.session.state.name).toBe("closed");
    a.sessions[0]?.close(closing);
    expect([rig.connection.status, rig.clock.nextTimerMs]).toEqual(["connected", undefined]);
    await rig.end();
  });

  test("tries again, at the next one, and ends the search with the grace", async () => {
    const rig = await leaving();
    const [a, b] = rig.transports;
    const [, drained] = rig.connection.sessions;
    const error = new SluiceError("UNAVAILABLE", "nobody is there");
    for (const transport of rig.transports) transport.outcome = { name: "no link", error };
    a.cut();
    await rig.run();
    await rig.advance(100);
    expect([a.attempts, b?.attempts]).toEqual([2, 1]);
    await rig.advance(200);
    expect([a.attempts, b?.attempts]).toEqual([2, 2]);
    await rig.advance(30_000);
    expect([drained?.state.name, rig.clock.nextTimerMs]).toEqual(["closed", undefined]);
    await rig.end();
  });

  test("stays where it is while there is no other", async () => {
    const rig = new ConnectionRig();
    await rig.start();
    void rig.far.session.drain(1_000);
    await rig.run();
    await rig.advance(10_000);
    expect([rig.far.attempts, rig.connection.status]).toEqual([1, "draining"]);
    await rig.end();
  });

  test("does not spin when all of them drain", async () => {
    const rig = new ConnectionRig({}, 2);
    await rig.start();
    for (let round = 0; round < 20; round++) {
      for (const { session } of rig.transports) if (session?.isOver === false) void session.drain(60_000);
      await rig.run();
      await rig.advance(100);
    }
    const attempts = rig.transports.reduce((sum, transport) => sum + transport.attempts, 0);
    expect(attempts).toBeLessThan(10);
    await rig.end();
  });

  test("closes all of them in the end", async () => {
    const rig = await leaving();
    const { sessions } = rig.connection;
    expect(sessions).toHaveLength(2);
    rig.connection.close(closing);
    await rig.run();
    expect(sessions.map(({ state }) => state.name)).toEqual(["closed", "closed"]);
    expect(rig.clock.nextTimerMs).toBeUndefined();
    await rig.end();
  });

  test("while one is looked for, too", async () => {
    const rig = await leaving();
    rig.far.outcome = { name: "hang" };
    rig.far.cut();
    await rig.run();
    await rig.advance(100);
    expect(rig.far.attempts).toBe(2);
    rig.connection.close(closing);
    await rig.run();
    expect([rig.far.givenUp, rig.connection.sessions.length]).toEqual([1, 0]);
    rig.far.session.close(closing);
    await rig.end();
  });
});

test("ClientConnection that could not reach its server for a while looks for its session at the next one's side, though nothing of its own goes on there", async () => {
  const rig = new ConnectionRig({}, 2);
  const [a] = rig.transports;
  a.graceMs = 30_000;
  await rig.start();
  const former = rig.connection.session as Session;
  a.outcome = { name: "no link", error: new SluiceError("UNAVAILABLE", "nobody is there") };
  a.cut();
  await rig.run();
  await rig.advance(100);
  expect([rig.attempts, rig.connection.status]).toEqual([[2, 1], "connected"]);
  // Its server may have called meanwhile.
  expect([former.state.name, rig.connection.sessions.length]).toEqual(["detached", 2]);
  await rig.advance(200);
  expect(rig.attempts[0]).toBeGreaterThan(2);
  a.outcome = { name: "accept" };
  await rig.advance(30_000);
  // This transport finds none.
  expect([former.state.name, rig.connection.sessions.length]).toEqual(["closed", 1]);
  for (const session of a.sessions) session.close(closing);
  await rig.end();
});
