/** REL-M1, REL-M2, REL-P1: what a peer on a port may post by hand, against a server and against a client of ours. */
import { MessageChannel } from "node:worker_threads";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { finishesCleanly, portFrames, RawPort } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { messagePortTransport } from "@sluice/transport-memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const protocol = {
  echo: { type: "request", param: true, result: true },
  take: { type: "channel", param: true, send: true, result: true },
} as const satisfies ProtocolDefinition;
const { hello, welcome, open, data, ping } = portFrames;

let server: Server<typeof protocol>;
let started: string[];
let neighbour: Client<typeof protocol>;

beforeEach(async () => {
  started = [];
  server = new Server({
    protocol,
    public: true,
    handlers: {
      echo({ param }) {
        started.push("echo");
        return param;
      },
      async take({ signal }) {
        started.push("take");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    },
  });
  const { port1, port2 } = new MessageChannel();
  server.handle(messagePortTransport(port1));
  neighbour = new Client({ protocol, transport: messagePortTransport(port2), reconnect: false });
  await neighbour.ready;
});

afterEach(async () => {
  // Whatever was done to the server: others notice nothing.
  expect(await neighbour.request("echo", { param: "still there" })).toBe("still there");
  await neighbour.dispose();
  await server.dispose();
});

/** A raw connector on a port that the server serves. */
function attacker(): RawPort {
  const { port1, port2 } = new MessageChannel();
  server.handle(messagePortTransport(port1));
  return new RawPort(port2);
}

/** As {@link attacker}, after the handshake. */
async function session(): Promise<RawPort> {
  const raw = attacker();
  raw.send(hello());
  await raw.next(({ type }) => type === 2);
  return raw;
}

/** A client of ours, and a raw acceptor that has its HELLO. */
async function victim(): Promise<{ raw: RawPort; client: Client<typeof protocol> }> {
  const { port1, port2 } = new MessageChannel();
  const raw = new RawPort(port2);
  const client = new Client({ protocol, transport: messagePortTransport(port1), reconnect: false });
  await raw.next(({ type }) => type === 1);
  return { raw, client };
}

const shared = new SharedArrayBuffer(8);
const sparse = new Array(2 ** 32 - 1);
let laughs: unknown = "ha";
for (let level = 0; level < 60; level++) laughs = [laughs, laughs];

type NextMessage = (raw: RawPort) => unknown;
/** A message that is `message`. */
const plain =
  (message: unknown): NextMessage =>
  () =>
    message;
/** One that is right but for `changes`. */
const changed =
  (changes: object): NextMessage =>
  (raw) =>
    raw.batch(changes);

/** Messages that are none, or hold no frames. */
const messages: readonly (readonly [name: string, next: NextMessage])[] = [
  ["a number", plain(5)],
  ["null", plain(null)],
  ["nothing", plain(undefined)],
  ["text", plain("frames")],
  ["an empty object", plain({})],
  ["a Map", plain(new Map([["frames", []]]))],
  ["bytes", plain(new Uint8Array(100))],
  ["a bare frame", plain(ping(1))],
  ["frames that are no list", changed({ frames: { length: 1 } })],
  ["4 billion frames without one", changed({ frames: sparse })],
  ["1,025 frames", changed({ frames: new Array(1_025).fill(ping(1)) })],
  ["frames without what was taken", changed({ taken: undefined })],
  ["more taken than was sent", changed({ taken: 1e9 })],
  ["less than nothing taken", changed({ taken: -1 })],
  ["NaN taken", changed({ taken: Number.NaN })],
  ["no word about the end", changed({ end: undefined })],
  ["no number", changed({ number: undefined })],
  ["a number that is text", changed({ number: "1" })],
  ["a number that is none", changed({ number: Number.NaN })],
];

/** Frames that are none, and the code that answers them. */
const frames: readonly (readonly [name: string, frame: unknown, code: string])[] = [
  ["a number", 5, "PROTOCOL_ERROR"],
  ["null", null, "PROTOCOL_ERROR"],
  ["a list", [1, 2], "PROTOCOL_ERROR"],
  ["no fields", {}, "PROTOCOL_ERROR"],
  ["a type that does not exist", { type: 20, call: 1 }, "PROTOCOL_ERROR"],
  ["a type that is text", { ...ping(1), type: "12" }, "PROTOCOL_ERROR"],
  ["a nonce that is an object", { ...ping(1), nonce: {} }, "PROTOCOL_ERROR"],
  ["an OPEN without key", { ...open(1, "echo"), key: undefined }, "PROTOCOL_ERROR"],
  ["an OPEN whose total is a lie", open(1, "echo", { total: 257, payload: "ab" }), "PROTOCOL_ERROR"],
  [
    "a giant that says it is small",
    open(1, "echo", { total: 256, payload: "x".repeat(1e6) }),
    "PROTOCOL_ERROR",
  ],
  ["a second HELLO", hello(), "PROTOCOL_ERROR"],
  ["shared memory", open(1, "echo", { total: 264, payload: shared }), "DECODE_ERROR"],
  [
    "a view of shared memory",
    open(1, "echo", { total: 264, payload: [new Uint8Array(shared)] }),
    "DECODE_ERROR",
  ],
  ["a list of 4 billion holes", open(1, "echo", { total: 256, payload: sparse }), "DECODE_ERROR"],
  ["one object in 2⁶⁰ places", open(1, "echo", { total: 256, payload: laughs }), "DECODE_ERROR"],
  ["an instance of a class", open(1, "echo", { total: 256, payload: new Date(0) }), "DECODE_ERROR"],
  [
    "a short view of a long buffer",
    open(1, "echo", { total: 257, payload: new Uint8Array(1e6).subarray(0, 1) }),
    "DECODE_ERROR",
  ],
];

describe("a server", () => {
  test.each(messages)(
    "that is posted %s says PROTOCOL_ERROR, before and in a session",
    async (_name, next) => {
      for (const raw of [attacker(), await session()]) {
        raw.post(next(raw));
        expect(await raw.closing()).toBe("PROTOCOL_ERROR");
      }
      expect(started).toEqual([]);
    },
  );

  test.each(frames)("that is sent %s ends that session", async (_name, frame, code) => {
    const raw = await session();
    const startedAt = performance.now();
    raw.send(frame, open(3, "echo"));
    expect(await raw.closing()).toBe(code);
    // Work is bounded: none of these is walked to its end.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(started).toEqual([]);
  });

  test("that is sent two HELLOs at once, or anything before one, runs nothing", async () => {
    const hasty = attacker();
    hasty.send(hello(), hello());
    expect(await hasty.closing()).toBe("PROTOCOL_ERROR");
    const early = attacker();
    early.send(open(1, "echo"), hello());
    expect(await early.closing()).toBe("PROTOCOL_ERROR");
    expect(started).toEqual([]);
  });

  test("that is announced a message of 4 GiB, or sent more than it allowed, keeps nothing (REL-M1)", async () => {
    const giant = await session();
    giant.send(open(1, "echo", { more: true, total: 2 ** 32 - 1 }));
    expect(await giant.closing()).toBe("FRAME_TOO_LARGE");

    const flood = await session();
    flood.send(open(1, "take", { halfClosed: false }));
    const credit = await flood.next(({ type }) => type === 4 || type === 6);
    expect(credit.limit).toBeLessThan(100_000);
    const payload = "x".repeat(10_000);
    const total = 256 + 2 * payload.length;
    for (let sent = 0; sent < 100; sent++) {
      flood.send(data(1, 64 + sent * (64 + total), { total, payload }));
    }
    expect(await flood.closing()).toBe("FLOW_CONTROL_ERROR");
  });

  test("whose peer makes it answer and takes nothing ends the link after 1 MiB", async () => {
    const raw = await session();
    raw.confirms = false;
    for (let sent = 0; sent < 20_000; sent += 1_000) {
      raw.send(...Array.from({ length: 1_000 }, (_, at) => ping(sent + at)));
    }
    await raw.closed;
    // 64 KiB of room, and 1 MiB beyond it, of 64 each; WELCOME among them.
    expect(raw.frames.length).toBeGreaterThan(15_000);
    expect(raw.frames.length).toBeLessThanOrEqual(1_024 + 16_384 + 1);
  });

  test("whose peer leaves without a word forgets it", async () => {
    const raw = await session();
    raw.send(open(1, "take"));
    const before = server.connections.length;
    const gone = new Promise((resolve) => server.on("disconnected", resolve));
    raw.cut();
    await gone;
    expect(server.connections.length).toBe(before - 1);
  });
});

describe("a client", () => {
  test.each(messages)("that is posted %s fails, before and in a session", async (_name, next) => {
    const before = await victim();
    before.raw.post(next(before.raw));
    await expect(before.client.ready).rejects.toMatchObject({ code: "PROTOCOL_ERROR", processed: "no" });
    await before.client.dispose();

    const within = await victim();
    within.raw.send(welcome());
    const call = within.client.request("echo", { param: 1 });
    await within.raw.next(({ type }) => type === 3);
    within.raw.post(next(within.raw));
    await expect(call).rejects.toMatchObject({ code: "PROTOCOL_ERROR" });
    expect(await within.raw.closing()).toBe("PROTOCOL_ERROR");
    await within.client.dispose();
  });

  test.each(frames)("that is sent %s fails its calls", async (name, frame, code) => {
    const { raw, client } = await victim();
    raw.send(welcome());
    const call = client.request("echo", { param: 1 });
    const { call: id } = await raw.next(({ type }) => type === 3);
    // What was meant for a server comes as the result of the call.
    const isOpen = typeof frame === "object" && frame !== null && "procedure" in frame;
    raw.send(
      isOpen && !name.includes("key") ? { ...frame, type: 8, call: id, offset: 0, head: false } : frame,
    );
    await expect(call).rejects.toMatchObject({ code });
    expect(await raw.closing()).toBe(code);
    await client.dispose();
  });

  test("whose WELCOME is none fails", async () => {
    for (const changes of [{ version: 2 }, { epoch: 5 }, { limits: null }, { peer: new Map() }]) {
      const { raw, client } = await victim();
      raw.send(welcome(changes));
      await expect(client.ready).rejects.toMatchObject({ processed: "no" });
      await client.dispose();
      await raw.closed;
    }
  });
});

test("attacks leave nothing behind", () =>
  finishesCleanly(async () => {
    for (const [, next] of messages.slice(0, 5)) {
      const raw = await session();
      raw.post(next(raw));
      await raw.closing();
    }
  }));
