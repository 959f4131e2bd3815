/** REL-C by a malicious server: credit and frames that do not fit the call, against a client of ours. */
import {
  type RawFrame,
  rawBytes,
  rawFrames,
  rawType,
  readRawData,
  readRawOpen,
} from "@sluice/protocol/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closingCode, Malice, welcome } from "./malice.ts";
import { KiB } from "./victim.ts";

let malice: Malice;
beforeAll(async () => {
  malice = await Malice.start();
});
afterAll(() => malice.stop());

describe("REL-C1, REL-C2, REL-C3 credit", () => {
  test("an item beyond the window is FLOW_CONTROL_ERROR, at its end it is not", async () => {
    const { ended } = await malice.play({ call: "unread" }, async (peer) => {
      await peer.shakeHands();
      const open = await peer.next(rawType.OPEN);
      const { window } = readRawOpen(open);
      expect(window).toBe(65_536);
      for (let offset = 0; offset < window; offset += 4_096) {
        peer.send(rawFrames.data(open.call, { offset, raw: true, payload: new Uint8Array(4_096 - 64) }));
      }
      peer.send(rawFrames.ping(1));
      await peer.next(rawType.PING);
      peer.send(rawFrames.data(open.call, { offset: window, raw: true }));
      expect(await closingCode(peer)).toBe("FLOW_CONTROL_ERROR");
    });
    expect(ended).toBe("FLOW_CONTROL_ERROR maybe");
  });

  test("a result may pass the limit by the floor, and not further", async () => {
    for (const beyond of [0, 1]) {
      await malice.play({ call: "unread" }, async (peer) => {
        const call = await welcome(peer);
        for (let offset = 0; offset < 65_536; offset += 4_096) {
          peer.send(rawFrames.data(call, { offset, raw: true, payload: new Uint8Array(4_096 - 64) }));
        }
        const payload = new Uint8Array(2_048 - 64 + beyond).fill(0x20);
        peer.send(rawFrames.result(call, { offset: 65_536, total: 9_000, more: true, payload }));
        if (beyond === 1) expect(await closingCode(peer)).toBe("FLOW_CONTROL_ERROR");
        else await peer.next(rawType.CREDIT, call);
      });
    }
  });

  test("a message above maxMessage is FRAME_TOO_LARGE by its announcement", async () => {
    const { ended } = await malice.play({ call: "read" }, async (peer) => {
      const call = await welcome(peer);
      peer.send(rawFrames.data(call, { total: 2 ** 32 - 1, more: true, payload: new Uint8Array(1_024) }));
      expect(await closingCode(peer)).toBe("FRAME_TOO_LARGE");
    });
    expect(ended).toBe("FRAME_TOO_LARGE maybe");
  });

  const grants: readonly (readonly [
    what: string,
    credit: { received: number; limit: number },
    code: string,
  ])[] = [
    ["a limit more than 16 MiB ahead", { received: 0, limit: 16 * KiB * KiB + 1 }, "FLOW_CONTROL_ERROR"],
    ["more received than was sent", { received: 2 ** 40, limit: 2 ** 40 }, "PROTOCOL_ERROR"],
  ];
  test.each(grants)("%s ends the session", async (_, credit, expected) => {
    const { ended } = await malice.play({ call: "write" }, async (peer) => {
      peer.send(rawFrames.credit(await welcome(peer), credit));
      expect(await closingCode(peer)).toBe(expected);
    });
    expect(ended).toBe(`${expected} maybe`);
  });

  test("more received than was sent ends the session also when the client has said all", async () => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      const call = await welcome(peer);
      // The param is `"x"`.
      peer.send(rawFrames.credit(call, { received: 67, limit: 67 }), rawFrames.ping(1));
      await peer.next(rawType.PING);
      peer.send(rawFrames.credit(call, { received: 68, limit: 68 }));
      expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });

  test("10,000 grants of a byte give at most 10 frames", async () => {
    await malice.play({ call: "write" }, async (peer) => {
      const call = await welcome(peer);
      // The floor of a WELCOME is granted beforehand.
      const before = 64 + 2_048;
      for (let limit = before; limit < before + 10_000; limit++)
        peer.send(rawFrames.credit(call, { received: 0, limit }));
      peer.send(rawFrames.ping(1));
      await peer.next(rawType.PING);
      const items = peer.received.filter(({ type }) => type === rawType.DATA);
      expect(items.length).toBeGreaterThan(1);
      expect(items.length).toBeLessThanOrEqual(11);
      for (const item of items) expect(readRawData(item).payload.length).toBeGreaterThanOrEqual(960);
    });
  });
});

describe("REL-C7, REL-C10 frames that do not fit the call", () => {
  const forACall: readonly (readonly [what: string, make: (call: number) => RawFrame])[] = [
    ["CANCEL from a callee", (call) => rawFrames.cancel(call)],
    ["DONE from a callee", (call) => rawFrames.done([call])],
    ["a reply to a call that never was", (call) => rawFrames.result(call + 2)],
    ["an item of a call that never was", (call) => rawFrames.data(call + 2)],
    [
      "an OPEN with the client's parity",
      (call) => rawFrames.open(call + 2, { origin: "00000000000000a1", name: "echo" }),
    ],
    ["an OPEN with id 0", () => rawFrames.open(0, { origin: "00000000000000a1", name: "echo" })],
    [
      "a frame of the link that names a call",
      (call) => ({ type: rawType.PING, flags: 0, call, body: new Uint8Array(4) }),
    ],
  ];
  test.each(forACall)("%s ends the session", async (_, make) => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      peer.send(make(await welcome(peer)));
      expect(await closingCode(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });

  test("a second reply, and frames behind it, change nothing until they are too many", async () => {
    const { ended } = await malice.play({ call: "echoTwice" }, async (peer) => {
      const call = await welcome(peer);
      peer.send(
        rawFrames.result(call, { payload: rawBytes("1") }),
        rawFrames.result(call, { payload: rawBytes("2") }),
      );
      peer.send(
        rawFrames.data(call, { offset: 65 }),
        rawFrames.credit(call, { received: 0, limit: 99 }),
        rawFrames.end(call, 0),
      );
      const next = await peer.next(rawType.OPEN);
      peer.send(rawFrames.result(next.call, { payload: rawBytes("3") }));
    });
    expect(ended).toBe("[1,3]");
  });

  test("calls to a client that serves none are refused, and end the session when they are many", async () => {
    const { ended } = await malice.play({ call: "echo" }, async (peer) => {
      await welcome(peer);
      for (let count = 0; count < 101; count++) peer.open("echo");
      const first = await peer.next(rawType.ERROR);
      expect(first.call).toBe(2);
      expect(await closingCode(peer)).toBe("ENHANCE_YOUR_CALM");
    });
    expect(ended).toBe("ENHANCE_YOUR_CALM maybe");
  });
});
