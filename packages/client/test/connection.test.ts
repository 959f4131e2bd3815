/** ClientConnection: its states, the moves between them, and what each means for those who wait. */
import { type Frame, FrameType, SluiceError } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import type { ClientStatus } from "../src/connection.ts";
import { ConnectionRig } from "./connection-rig.ts";
import type { ScriptedTransport } from "./scripted-transport.ts";

const closing = new SluiceError("CANCELLED", "enough");
const drain: Frame = { type: FrameType.DRAIN, call: 0, grace: 1_000, retry: 0 };
const away: Frame = { type: FrameType.CLOSE, call: 0, code: "UNAVAILABLE", reason: "away" };
const forbidden = new SluiceError("PERMISSION_DENIED", "not you");

/** How a connection comes into each state, from a new one. */
const reach: Record<ClientStatus, (rig: ConnectionRig) => Promise<void>> = {
  async idle() {},
  async connecting(rig) {
    rig.far.outcome = { name: "hang" };
    await rig.start();
  },
  connected: (rig) => rig.start(),
  async reconnecting(rig) {
    await rig.start();
    rig.far.cut();
    await rig.run();
  },
  async draining(rig) {
    await rig.start();
    void rig.far.session.drain(1_000);
    await rig.run();
  },
  async closed({ connection }) {
    connection.close(closing);
  },
};

function goOn(far: ScriptedTransport): void {
  far.outcome = { name: "accept" };
}

interface Move {
  readonly from: ClientStatus;
  readonly to: ClientStatus;
  readonly when: string;
  act(rig: ConnectionRig): void | Promise<void>;
}

const everyStatus = Object.keys(reach) as ClientStatus[];

const closes = everyStatus
  .filter((from) => from !== "closed")
  .map(
    (from): Move => ({
      from,
      to: "closed",
      when: "close()",
      act: ({ connection }) => connection.close(closing),
    }),
  );

const moves: readonly Move[] = [
  ...closes,
  { from: "idle", to: "connecting", when: "start()", act: reach.connecting },
  { from: "connecting", to: "connected", when: "WELCOME", act: ({ far }) => goOn(far) },
  {
    from: "connecting",
    to: "draining",
    when: "WELCOME and DRAIN",
    act({ far }) {
      far.afterWelcome = drain;
      goOn(far);
    },
  },
  {
    from: "connecting",
    to: "reconnecting",
    when: "WELCOME and CLOSE",
    act({ far }) {
      far.afterWelcome = away;
      goOn(far);
    },
  },
  {
    from: "connecting",
    to: "closed",
    when: "a refusal that is final",
    act({ far }) {
      far.outcome = { name: "refuse", error: forbidden };
    },
  },
  { from: "connected", to: "reconnecting", when: "the link is lost", act: ({ far }) => far.cut() },
  { from: "connected", to: "draining", when: "DRAIN", act: ({ far }) => void far.session.drain(1_000) },
  {
    from: "connected",
    to: "closed",
    when: "CLOSE with a code that is final",
    act: ({ far }) => far.session.close(forbidden),
  },
  { from: "draining", to: "reconnecting", when: "the link is lost", act: ({ far }) => far.cut() },
  {
    from: "draining",
    to: "closed",
    when: "CLOSE with a code that is final",
    act: ({ far }) => far.session.close(forbidden),
  },
  { from: "reconnecting", to: "connected", when: "WELCOME", act: (rig) => rig.advance(100) },
  {
    from: "reconnecting",
    to: "draining",
    when: "WELCOME and DRAIN",
    act(rig) {
      rig.far.afterWelcome = drain;
      return rig.advance(100);
    },
  },
  {
    from: "reconnecting",
    to: "closed",
    when: "a refusal that is final",
    act(rig) {
      rig.far.outcome = { name: "refuse", error: forbidden };
      return rig.advance(100);
    },
  },
];

describe("ClientConnection", () => {
  test.each(moves)("$from -> $to: $when", async ({ from, to, act }) => {
    const rig = new ConnectionRig();
    await reach[from](rig);
    expect(rig.connection.status).toBe(from);
    const before = rig.statuses.length;
    await act(rig);
    await rig.run();
    expect([rig.statuses.slice(before), rig.connection.status]).toEqual([[to], to]);
    await rig.end();
  });

  test.each(everyStatus.filter((status) => status !== "idle"))(
    "start() changes nothing when %s",
    async (status) => {
      const rig = new ConnectionRig();
      await reach[status](rig);
      const before = [...rig.statuses];
      rig.connection.start();
      expect([rig.statuses, rig.connection.status]).toEqual([before, status]);
      await rig.end();
    },
  );

  test("nothing leads out of closed", async () => {
    const rig = new ConnectionRig();
    await reach.closed(rig);
    await rig.start();
    rig.connection.close(forbidden);
    await rig.advance(100_000);
    expect([rig.statuses, rig.attempts]).toEqual([["closed"], [0]]);
    await rig.end();
  });

  test.each(everyStatus)("calls can be opened when %s: only if connected", async (status) => {
    const rig = new ConnectionRig();
    await reach[status](rig);
    expect(rig.connection.session !== undefined).toBe(status === "connected");
    expect(rig.connection.sessions.length > 0).toBe(status === "connected" || status === "draining");
    await rig.end();
  });

  test.each(everyStatus)(
    "who waits when %s gets a session or waits, or learns that there will be none",
    async (status) => {
      const rig = new ConnectionRig();
      await reach[status](rig);
      const waiting = rig.connection.waitForSession();
      rig.far.outcome = { name: "hang" };
      const outcome = await rig.outcome(waiting);
      if (status === "connected") expect(outcome === rig.connection.session).toBe(true);
      else if (status === "closed") expect(outcome).toMatchObject({ code: "CANCELLED", processed: "no" });
      else expect(outcome).toBeUndefined();
      await rig.end();
      expect(await rig.outcome(waiting)).toBeDefined();
    },
  );

  test.each(["connecting", "reconnecting", "draining"] as const)(
    "who waits when %s gets the next session",
    async (status) => {
      const rig = new ConnectionRig();
      await reach[status](rig);
      const waiting = [rig.connection.waitForSession(), rig.connection.waitForSession()];
      goOn(rig.far);
      rig.far.cut();
      await rig.advance(100);
      expect(rig.connection.status).toBe("connected");
      for (const one of waiting) expect((await rig.outcome(one)) === rig.connection.session).toBe(true);
      await rig.end();
    },
  );

  test("a session that drains from the start is not one to open calls on", async () => {
    const rig = new ConnectionRig();
    rig.far.afterWelcome = drain;
    const waiting = rig.connection.waitForSession();
    await rig.start();
    expect(await rig.outcome(waiting)).toBeUndefined();
    rig.far.afterWelcome = undefined;
    rig.far.cut();
    await rig.advance(100);
    expect((await rig.outcome(waiting)) === rig.connection.session).toBe(true);
    await rig.end();
  });

  test("REL-C7 a session whose call ids are used up is drained and replaced", async () => {
    const rig = new ConnectionRig();
    await rig.start();
    const { session } = rig.connection;
    session?.listener.idsUsedUp?.();
    expect(rig.connection.status).toBe("draining");
    const waiting = rig.connection.waitForSession();
    await rig.run();
    await rig.advance(100);
    expect((await rig.outcome(waiting)) === session).toBe(false);
    expect(rig.connection.status).toBe("connected");
    expect(session?.state.name).toBe("closed");
    await rig.end();
  });

  test("what a former session does changes nothing", async () => {
    const rig = new ConnectionRig();
    await reach.reconnecting(rig);
    const former = rig.far.session;
    await rig.advance(100);
    former.close(forbidden);
    await rig.run();
    expect(rig.connection.status).toBe("connected");
    await rig.end();
  });
});
