/** The rows of REL-F and REL-C that a malicious server can play, against a client of ours. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type RawFrame,
  type RawPeer,
  rawBytes,
  rawFrames,
  rawInteger,
  rawJoin,
  rawType,
  readRawData,
  readRawOpen,
} from "@sluice/protocol/testing";
import { type Child, inChild, listenRaw, type RawListener } from "@sluice/protocol/testing/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Attempt, AttemptEnd } from "./children/client.ts";
import type { Memory } from "./children/report.ts";
import { childOptions, growth, KiB } from "./victim.ts";

const folder = mkdtempSync(join(tmpdir(), "malice-"));
let listener: RawListener;
let child: Child;
beforeAll(async () => {
  listener = await listenRaw(`unix:${join(folder, "malice.sock")}`);
  child = inChild(new URL("./children/client.ts", import.meta.url), {
    ...childOptions,
    args: [listener.address],
  });
  expect(await child.message()).toBe("started");
});
afterAll(async () => {
  child.disconnect();
  expect(await child.end()).toMatchObject({ code: 0, stderr: "" });
  await listener.close();
  rmSync(folder, { recursive: true });
});

/** Has a new client do `attempt`, and plays its server. */
async function play(attempt: Attempt, server: (peer: RawPeer) => Promise<void>): Promise<AttemptEnd> {
  const ending = child.ask(attempt) as Promise<AttemptEnd>;
  const peer = await listener.accept();
  try {
    await server(peer);
  } finally {
    peer.end();
    await ending;
  }
  return ending;
}

async function report(): Promise<Memory> {
  const said = (await child.ask("report")) as Memory & { readonly troubles: readonly string[] };
  expect(said.troubles).toEqual([]);
  return said;
}

/** The code with which the client leaves. */
async function code(peer: RawPeer): Promise<unknown> {
  return (await peer.closing()).code;
}

/** Welcomes the client and gives the id of its call. */
async function welcome(peer: RawPeer): Promise<number> {
  await peer.shakeHands();
  return (await peer.next(rawType.OPEN)).call;
}

function frameHead(length: number, type: number, call: number): Uint8Array {
  return rawJoin(rawInteger(4, length), rawInteger(1, type), rawInteger(4, call));
}

describe("REL-F1, REL-F3, REL-F4 lengths", () => {
  test.each([
    [0xffffffff, "FRAME_TOO_LARGE"],
    [0x80000000, "FRAME_TOO_LARGE"],
    [81_921, "FRAME_TOO_LARGE"],
    [4, "PROTOCOL_ERROR"],
    [0, "PROTOCOL_ERROR"],
  ])("length %d is %s, before and after WELCOME", async (length, expected) => {
    const before = await play({ call: "echo" }, async (peer) => {
      await peer.next(rawType.HELLO);
      peer.sendBytes(rawInteger(4, length));
      await peer.closed();
    });
    expect(before.ended).toBe(`${expected} no`);
    const after = await play({ call: "echo" }, async (peer) => {
      await welcome(peer);
      peer.sendBytes(rawInteger(4, length));
      expect(await code(peer)).toBe(expected);
    });
    expect(after.ended).toBe(`${expected} maybe`);
  });

  test("100 heads of 4 GiB keep no memory", async () => {
    const attack = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await play({ call: "echo" }, async (peer) => {
          await welcome(peer);
          peer.sendBytes(frameHead(0xffffffff, rawType.RESULT, 1));
          expect(await code(peer)).toBe("FRAME_TOO_LARGE");
        });
      }
    };
    await attack(20);
    const before = await report();
    await attack(100);
    expect(growth(before, await report()).heldKiB).toBeLessThan(KiB);
  });
});

describe("REL-F5, REL-F6 pieces", () => {
  const first = (call: number) =>
    rawFrames.data(call, { total: 9_000, more: true, raw: true, payload: new Uint8Array(2_000) });
  const next = (call: number, parts: object) =>
    rawFrames.data(call, { offset: 2_064, more: true, raw: true, payload: new Uint8Array(2_000), ...parts });
  const attacks: readonly (readonly [what: string, make: (call: number) => readonly RawFrame[]])[] = [
    ["a piece of one byte", (call) => [first(call), next(call, { payload: new Uint8Array(1) })]],
    [
      "a first piece that is too small",
      (call) => [rawFrames.data(call, { total: 9_000, more: true, payload: new Uint8Array(959) })],
    ],
    ["a second message inside the first", (call) => [first(call), next(call, { total: 9_000 })]],
    ["a gap", (call) => [first(call), next(call, { offset: 2_065 })]],
    ["an overlap", (call) => [first(call), next(call, { offset: 2_063 })]],
    [
      "more than was announced",
      (call) => [first(call), next(call, { more: false, payload: new Uint8Array(7_001) })],
    ],
    [
      "less than was announced",
      (call) => [first(call), next(call, { more: false, payload: new Uint8Array(6_999) })],
    ],
    ["text where bytes were", (call) => [first(call), next(call, { raw: false })]],
    [
      "a result inside an item",
      (call) => [
        first(call),
        rawFrames.result(call, { offset: 2_064, raw: true, payload: new Uint8Array(7_000) }),
      ],
    ],
    ["the end inside an item", (call) => [first(call), rawFrames.end(call, 2_064)]],
    [
      "an error at the wrong place",
      (call) => [rawFrames.error(call, { code: "INTERNAL", message: "" }, { offset: 64 })],
    ],
    [
      "an item behind the end",
      (call) => [rawFrames.end(call, 0), rawFrames.data(call, { raw: true, payload: new Uint8Array(9) })],
    ],
    ["an end at the wrong place", (call) => [rawFrames.end(call, 64)]],
    ["a result at the wrong place", (call) => [rawFrames.result(call, { offset: 64 })]],
  ];
  test.each(attacks)("%s ends the session", async (_, make) => {
    const { ended } = await play({ call: "unread" }, async (peer) => {
      peer.send(...make(await welcome(peer)));
      expect(await code(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });
});

test("an ERROR may break an item off", async () => {
  const { ended } = await play({ call: "unread" }, async (peer) => {
    const call = await welcome(peer);
    peer.send(rawFrames.data(call, { total: 9_000, more: true, raw: true, payload: new Uint8Array(2_000) }));
    peer.send(
      rawFrames.error(call, { code: "DATA_LOSS", message: "" }, { offset: 2_064 }),
      rawFrames.ping(1),
    );
    await peer.next(rawType.PING);
  });
  expect(ended).toBe("DATA_LOSS maybe");
});

describe("REL-F7 text that is none", () => {
  test("ends its call with DECODE_ERROR, in a result and in an item", async () => {
    const payload = Uint8Array.of(0x22, 0xc0, 0xaf, 0x22);
    const result = await play({ call: "echoTwice" }, async (peer) => {
      peer.send(rawFrames.result(await welcome(peer), { payload }));
      const next = await peer.next(rawType.OPEN);
      peer.send(rawFrames.result(next.call, { payload: rawBytes("3") }));
    });
    expect(result.ended).toBe('["DECODE_ERROR maybe",3]');
    const item = await play({ call: "read" }, async (peer) => {
      const call = await welcome(peer);
      peer.send(rawFrames.data(call, { payload }));
      await peer.next(rawType.CANCEL, call);
      peer.send(rawFrames.error(call, { code: "CANCELLED", message: "" }, { offset: 68 }));
    });
    expect(item.ended).toBe("DECODE_ERROR maybe");
  });

  test("ends the session in an ERROR", async () => {
    const { ended } = await play({ call: "echo" }, async (peer) => {
      const call = await welcome(peer);
      const json = rawJoin(rawBytes('{"code":"'), Uint8Array.of(0xed, 0xa0, 0x80), rawBytes('"}'));
      peer.send({
        type: rawType.ERROR,
        flags: 0,
        call,
        body: rawJoin(new Uint8Array(6), rawInteger(2, json.length), json),
      });
      expect(await code(peer)).toBe("DECODE_ERROR");
    });
    expect(ended).toBe("DECODE_ERROR maybe");
  });
});

describe("REL-F8 what is not known", () => {
  test("types 15 to 23 end the session, 24 to 31 are passed over", async () => {
    for (const type of [0, 15, 19, 23]) {
      const { ended } = await play({ call: "echo" }, async (peer) => {
        await welcome(peer);
        peer.send({ type, flags: 0, call: 1, body: new Uint8Array(9) });
        expect(await code(peer)).toBe("PROTOCOL_ERROR");
      });
      expect(ended).toBe("PROTOCOL_ERROR maybe");
    }
    const { ended } = await play({ call: "echo" }, async (peer) => {
      const call = await welcome(peer);
      for (let type = 24; type <= 31; type++)
        peer.send({ type, flags: 0xe0, call: 77, body: new Uint8Array(type) });
      peer.send(rawFrames.result(call, { payload: rawBytes('"well"') }));
    });
    expect(ended).toBe('"well"');
  });

  test("a code that is not known becomes UNKNOWN", async () => {
    const { ended } = await play({ call: "echo" }, async (peer) => {
      peer.send(
        rawFrames.error(await welcome(peer), { code: "FROM_THE_FUTURE", message: "?", processed: "no" }),
      );
    });
    expect(ended).toBe("UNKNOWN no");
  });
});

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
    const { ended } = await play({ call: "echo" }, async (peer) => {
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
    const { ended } = await play({ call: "echo" }, async (peer) => {
      await peer.next(rawType.HELLO);
      peer.send(peer.greeting(changes));
      await peer.closed();
    });
    expect(ended).toBe(`${expected} no`);
  });

  test("a second WELCOME ends the session", async () => {
    const { ended } = await play({ call: "echo" }, async (peer) => {
      await welcome(peer);
      peer.send(peer.greeting());
      expect(await code(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });

  test("no WELCOME at all is HANDSHAKE_TIMEOUT", async () => {
    const { ended } = await play({ call: "echo" }, (peer) => peer.closed());
    expect(ended).toBe("HANDSHAKE_TIMEOUT no");
  });
});

describe("REL-F10 a version that is not known", () => {
  test("is told once: the client does not try again", async () => {
    const attempt: Attempt = { call: "echo", options: { reconnect: { initial: 0, max: 0 } } };
    const { connections } = listener;
    const { ended, status } = await play(attempt, async (peer) => {
      await peer.next(rawType.HELLO);
      peer.send(
        rawFrames.json(rawType.CLOSE, { code: "VERSION_UNSUPPORTED", reason: "speak 2", versions: [2] }),
      );
      await peer.closed();
    });
    expect([ended, status]).toEqual(["VERSION_UNSUPPORTED no", "closed"]);
    await report();
    await report();
    expect(listener.connections).toBe(connections + 1);
  });
});

describe("REL-C1, REL-C2, REL-C3 credit", () => {
  test("an item beyond the window is FLOW_CONTROL_ERROR, at its end it is not", async () => {
    const { ended } = await play({ call: "unread" }, async (peer) => {
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
      expect(await code(peer)).toBe("FLOW_CONTROL_ERROR");
    });
    expect(ended).toBe("FLOW_CONTROL_ERROR maybe");
  });

  test("a result may pass the limit by the floor, and not further", async () => {
    for (const beyond of [0, 1]) {
      await play({ call: "unread" }, async (peer) => {
        const call = await welcome(peer);
        for (let offset = 0; offset < 65_536; offset += 4_096) {
          peer.send(rawFrames.data(call, { offset, raw: true, payload: new Uint8Array(4_096 - 64) }));
        }
        const payload = new Uint8Array(2_048 - 64 + beyond).fill(0x20);
        peer.send(rawFrames.result(call, { offset: 65_536, total: 9_000, more: true, payload }));
        if (beyond === 1) expect(await code(peer)).toBe("FLOW_CONTROL_ERROR");
        else await peer.next(rawType.CREDIT, call);
      });
    }
  });

  test("a message above maxMessage is FRAME_TOO_LARGE by its announcement", async () => {
    const { ended } = await play({ call: "read" }, async (peer) => {
      const call = await welcome(peer);
      peer.send(rawFrames.data(call, { total: 2 ** 32 - 1, more: true, payload: new Uint8Array(1_024) }));
      expect(await code(peer)).toBe("FRAME_TOO_LARGE");
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
    const { ended } = await play({ call: "write" }, async (peer) => {
      peer.send(rawFrames.credit(await welcome(peer), credit));
      expect(await code(peer)).toBe(expected);
    });
    expect(ended).toBe(`${expected} maybe`);
  });

  test("10,000 grants of a byte give at most 10 frames", async () => {
    await play({ call: "write" }, async (peer) => {
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
    const { ended } = await play({ call: "echo" }, async (peer) => {
      peer.send(make(await welcome(peer)));
      expect(await code(peer)).toBe("PROTOCOL_ERROR");
    });
    expect(ended).toBe("PROTOCOL_ERROR maybe");
  });

  test("a second reply, and frames behind it, change nothing until they are too many", async () => {
    const { ended } = await play({ call: "echoTwice" }, async (peer) => {
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
    const { ended } = await play({ call: "echo" }, async (peer) => {
      await welcome(peer);
      for (let count = 0; count < 101; count++) peer.open("echo");
      const first = await peer.next(rawType.ERROR);
      expect(first.call).toBe(2);
      expect(await code(peer)).toBe("ENHANCE_YOUR_CALM");
    });
    expect(ended).toBe("ENHANCE_YOUR_CALM maybe");
  });
});
