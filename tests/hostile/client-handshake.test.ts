/** REL-F9 and REL-F10 by a malicious server: what it says first, against a client of ours. */
import { type RawFrame, rawFrames, rawType } from "@sluice/protocol/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Attempt } from "./children/client.ts";
import { closingCode, Malice, welcome } from "./malice.ts";

let malice: Malice;
beforeAll(async () => {
  malice = await Malice.start();
});
afterAll(() => malice.stop());

describe("REL-F9 before and beside WELCOME", () => {
  const early: readonly (readonly [what: string, frame: RawFrame])[] = [
    ["HELLO", rawFrames.json(rawType.HELLO, { versions: [1] })],
    ["OPEN", rawFrames.open(2, { name: "echo" })],
    ["RESULT", rawFrames.result(1)],
    ["CREDIT", rawFrames.credit(1, { received: 0, limit: 1_024 })],
    ["PING", rawFrames.ping(1)],
    ["DRAIN", rawFrames.json(rawType.DRAIN, { grace: 0, retry: 0 })],
  ];
  test.each(early)("%s instead of WELCOME is PROTOCOL_ERROR", async (_, frame) => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      await peer.next(rawType.HELLO);
      peer.send(frame, peer.greeting());
      await peer.closed();
    });
    expect(ended).toBe("PROTOCOL_ERROR no");
  });

  const odd: readonly (readonly [what: string, changes: Record<string, unknown>, code: string])[] = [
    ["without a version", { version: undefined }, "PROTOCOL_ERROR"],
    ["with another version", { version: 2 }, "PROTOCOL_ERROR"],
    ["with a codec that nobody asked for", { codec: "xml" }, "FAILED_PRECONDITION"],
    ["without an epoch", { epoch: undefined }, "PROTOCOL_ERROR"],
    ["without limits", { limits: undefined }, "PROTOCOL_ERROR"],
    ["with a floor of 0", { floor: 0 }, "PROTOCOL_ERROR"],
    ["with a window of 4 GiB", { window: 2 ** 32 }, "PROTOCOL_ERROR"],
  ];
  test.each(odd)("a WELCOME %s is refused", async (_, changes, expected) => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      await peer.next(rawType.HELLO);
      peer.send(peer.greeting(changes));
      await peer.closed();
    });
    expect(ended).toBe(`${expected} no`);
  });

  test("a second WELCOME ends the session", async () => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      await welcome(peer);
      peer.send(peer.greeting());
      expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });

  test("no WELCOME at all is HANDSHAKE_TIMEOUT", async () => {
    const { ended } = await malice.play({ call: "echo" }, (peer) => peer.closed());
    expect(ended).toBe("HANDSHAKE_TIMEOUT no");
  });
});

describe("REL-F10 a version that is not known", () => {
  test("is told once: the client does not try again", async () => {
    const attempt: Attempt = { call: "echo", options: { reconnect: { initial: 0, max: 0 } } };
    const { connections } = malice.listener;
    const { ended, status } = await malice.play(attempt, async (peer) => {
      await peer.next(rawType.HELLO);
      peer.send(
        rawFrames.json(rawType.CLOSE, { code: "VERSION_UNSUPPORTED", reason: "speak 2", versions: [2] }),
      );
      await peer.closed();
    });
    expect([ended, status]).toEqual(["VERSION_UNSUPPORTED no", "closed"]);
    await malice.report();
    await malice.report();
    expect(malice.listener.connections).toBe(connections + 1);
  });
});
