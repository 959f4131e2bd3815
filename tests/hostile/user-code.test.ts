/** REL-P2, REL-P3: user code that throws, rejects or never comes back, wherever it is called, on both sides. */
import { type RawPeer, rawFrames, rawType, readRawError, readRawJson } from "@sluice/protocol/testing";
import { type Child, inChild } from "@sluice/protocol/testing/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../built-program.ts";
import { canary, type Fault } from "./children/misbehave.ts";
import type { Memory } from "./children/report.ts";
import type { UserAttempt, UserAttemptEnd } from "./children/user-client.ts";
import { childOptions, growth, handshakeTimeout, KiB, Victim } from "./victim.ts";

const drainTimeout = 300;
let victim: Victim;
let clients: Child;
beforeAll(async () => {
  victim = await Victim.start({ handshakeTimeout, drainTimeout }, { script: "user-server" });
  const script = builtProgram(new URL("./children/user-client.ts", import.meta.url));
  clients = inChild(script, { ...childOptions, args: [victim.address] });
  expect(await clients.message()).toBe("started");
});
afterEach(() => victim.dropAttackers());
afterAll(async () => {
  clients.disconnect();
  expect(await clients.end()).toMatchObject({ code: 0, stderr: "" });
  // Handlers that never settle are still there.
  const startedAt = performance.now();
  await victim.stop();
  expect(performance.now() - startedAt).toBeLessThan(drainTimeout + 10_000);
});

/** Whether anything that came says what only the server may know. */
function leaks(peer: RawPeer): boolean {
  return peer.received.some(({ body }) => Buffer.from(body).toString("latin1").includes(canary));
}

const all: readonly Fault[] = ["throw", "throw undefined", "reject", "hang"];

describe("REL-P2 a server's user code", () => {
  const atTheDoor = all.flatMap((fault) =>
    (["authenticate", "context"] as const).map(
      (hook) => [hook, fault, fault === "hang" ? "HANDSHAKE_TIMEOUT" : "UNAUTHENTICATED"] as const,
    ),
  );
  test.each(atTheDoor)(
    "REL-P2 %s that does %s: its connection ends with %s, and no other",
    async (hook, fault, code) => {
      const calls = await victim.besideHonest(async () => {
        const peer = await victim.connect();
        peer.send(peer.greeting({ credentials: { [hook]: fault } }));
        expect((await peer.closing()).code).toBe(code);
        expect(leaks(peer)).toBe(false);
      });
      expect(calls).toBeGreaterThan(0);
      await victim.glance();
    },
  );

  const ofACall = all.flatMap((fault) =>
    [
      ["access", "work", "PERMISSION_DENIED no"],
      ["before", "work", "INTERNAL maybe"],
      ["handler", "work", "INTERNAL maybe"],
      ["handler", "items", "INTERNAL maybe"],
      ["handler", "upload", "INTERNAL maybe"],
      ["after", "work", "INTERNAL maybe"],
    ].map(([hook = "", procedure = "", end = ""]) => [hook, procedure, fault, end] as const),
  );
  test.each(ofACall)(
    "REL-P2 %s of %s that does %s: its call ends, and no other",
    async (hook, procedure, fault, end) => {
      const before = await victim.report();
      const calls = await victim.besideHonest(async () => {
        const peer = await victim.session();
        const call = peer.open(procedure, {
          openFlags: procedure === "upload" ? 0 : 1,
          metadata: JSON.stringify({ [hook]: fault }),
          timeout: fault === "hang" ? 60 : 0,
        });
        if (procedure === "upload")
          peer.send(rawFrames.data(call, { offset: 64, payload: Uint8Array.of(0x31) }));
        const { code, processed } = readRawError(await peer.next(rawType.ERROR, call)).json;
        const expected = fault === "hang" ? "DEADLINE_EXCEEDED" : end;
        expect(fault === "hang" ? code : `${code} ${processed}`).toBe(expected);
        // REL-P3 nothing of the error has left.
        expect(leaks(peer)).toBe(false);
        expect(await peer.request("echo", 1)).toEqual({ result: 1 });
        peer.destroy();
      });
      expect(calls).toBeGreaterThan(0);
      expect(growth(before, await victim.report()).heldKiB).toBeLessThan(KiB);
    },
  );

  test.each(["listeners", "logger"] as const)("REL-P2 %s that throw: nobody notices", async (hook) => {
    expect(await victim.tell({ faults: { [hook]: "throw" } })).toBe("set");
    const calls = await victim.besideHonest(async () => {
      const peer = await victim.session();
      const call = peer.open("work", { metadata: '{"handler":"throw"}' });
      const { code } = readRawError(await peer.next(rawType.ERROR, call)).json;
      expect(code).toBe("INTERNAL");
      expect(await peer.request("echo", 1)).toEqual({ result: 1 });
      const refused = await victim.connect();
      refused.send(refused.greeting({ credentials: { authenticate: "throw" } }));
      expect((await refused.closing()).code).toBe("UNAUTHENTICATED");
      expect(leaks(peer) || leaks(refused)).toBe(false);
      peer.destroy();
    });
    expect(calls).toBeGreaterThan(0);
    await victim.glance();
    expect(await victim.tell({ faults: {} })).toBe("set");
  });
});

test("REL-P3 an error that was not declared tells a fixed text and a reference", async () => {
  const peer = await victim.session();
  const call = peer.open("work", { metadata: '{"handler":"throw"}' });
  const { json, payload } = readRawError(await peer.next(rawType.ERROR, call));
  expect(json).toEqual({
    code: "INTERNAL",
    message: expect.stringMatching(/^The handler failed \(reference [0-9a-f-]{36}\)$/),
    retryable: false,
    processed: "maybe",
    origin: "remote",
  });
  expect(payload.length).toBe(0);
  const refused = await victim.connect();
  refused.send(refused.greeting({ credentials: { authenticate: "throw" } }));
  expect(JSON.stringify(readRawJson(await refused.next(rawType.CLOSE)))).not.toContain(canary);
});

describe("REL-P2 a client's user code", () => {
  const faults: readonly Fault[] = ["throw", "reject", "hang"];
  /** How the call ends when that fails at once. The program's own errors are its own to read. */
  const ends: Readonly<Record<UserAttempt["hook"], readonly [end: string, tells: boolean]>> = {
    credentials: ["UNAVAILABLE no", true],
    before: ["INTERNAL maybe", true],
    after: ["INTERNAL maybe", true],
    items: ["CANCELLED maybe", false],
    handler: ["INTERNAL maybe", false],
    listener: ['"worked"', false],
    logger: ['"worked"', false],
  };
  const rows = (Object.keys(ends) as UserAttempt["hook"][]).flatMap((hook) =>
    faults
      .filter((fault) => fault === "throw" || (hook !== "listener" && hook !== "logger"))
      .map((fault) => [hook, fault] as const),
  );
  test.each(rows)(
    "REL-P2 %s that does %s: its call ends, its client can be disposed of",
    async (hook, fault) => {
      const end = (await clients.ask({ hook, fault })) as UserAttemptEnd;
      if (fault === "hang") expect(end.ended).toMatch(/^DEADLINE_EXCEEDED /);
      else expect([end.ended, end.tells]).toEqual(ends[hook]);
      expect(end.disposeMs).toBeLessThan(1_000);
      expect(end.neighbourCalls).toBeGreaterThan(0);
      const said = (await clients.ask("report")) as Memory & { readonly troubles: readonly string[] };
      expect(said.troubles).toEqual([]);
    },
  );
});
