/** Ports that lose, double or swap messages: the link delivers every frame once and in order, or it is dead. Spec: docs/wire.md §1. */
import { MessageChannel } from "node:worker_threads";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { faultyPort, type MessageFault, MessageFaults, randomMessageFaults } from "@sluice/protocol/testing";
import { RawPort } from "@sluice/protocol/testing/node";
import { type Frame, FrameType, type Link, type SluiceError } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { messagePortTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";

const ping = (nonce: number): Frame => ({ type: FrameType.PING, call: 0, answer: false, nonce });

/** What a link has brought: nonces, and its end. */
class Seen {
  readonly nonces: number[] = [];
  readonly malformed: SluiceError[] = [];
  readonly ended: Promise<SluiceError | undefined>;

  constructor(link: Link) {
    this.ended = new Promise((resolve) => {
      link.receive({
        frame: (frame) => void (frame.type === FrameType.PING && this.nonces.push(frame.nonce)),
        malformed: (error) => void this.malformed.push(error),
        flushing() {},
        writable() {},
        closed: resolve,
      });
    });
  }
}

async function pair(faults: MessageFaults): Promise<{ near: Link; far: Link }> {
  const { port1, port2 } = new MessageChannel();
  const near = await messagePortTransport(faultyPort(port1, faults)).connect();
  const far = await messagePortTransport(port2).connect();
  return { near, far };
}

/** A round of the event loop: each is a message of its own. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** By fault of the third message: the messages that are handed over, and what the error says. */
const cases: readonly (readonly [fault: MessageFault, delivered: number[], says: string])[] = [
  ["drop", [1, 2], "message 4 came where 3 is next"],
  ["duplicate", [1, 2, 3], "message 3 came where 4 is next"],
  ["reorder", [1, 2], "message 4 came where 3 is next"],
];

describe("a link whose port spoils the third message", () => {
  test.each(cases)("by %s hands over what came before, and ends as lost", async (fault, delivered, says) => {
    const faults = new MessageFaults({ 3: fault });
    const { near, far } = await pair(faults);
    const here = new Seen(near);
    const there = new Seen(far);
    for (let nonce = 1; nonce <= 5; nonce++) {
      near.send(ping(nonce));
      await turn();
    }
    const error = await there.ended;
    expect(error).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining(says) });
    // No blame on the peer, which would be told PROTOCOL_ERROR.
    expect([there.nonces, there.malformed, faults.done[fault]]).toEqual([delivered, [], 1]);
    // The other side is not left with half a link.
    expect(await here.ended).toBeUndefined();
  });

  test.each(cases)("by %s does so before its first receiver, too", async (fault, delivered) => {
    const { near, far } = await pair(new MessageFaults({ 3: fault }));
    const here = new Seen(near);
    for (let nonce = 1; nonce <= 5; nonce++) {
      near.send(ping(nonce));
      await turn();
    }
    await turn();
    const there = new Seen(far);
    expect(await there.ended).toMatchObject({ code: "UNAVAILABLE" });
    expect(there.nonces).toEqual(delivered);
    expect(await here.ended).toBeUndefined();
  });
});

test("a message that could not be posted has no number: the other side hears of the end", async () => {
  const { port1, port2 } = new MessageChannel();
  const post = port1.postMessage.bind(port1);
  port1.postMessage = (message: { readonly end: boolean }, transfer?: readonly ArrayBuffer[]) => {
    if (!message.end) throw new Error("no");
    post(message, transfer ?? []);
  };
  const near = await messagePortTransport(port1).connect();
  const there = new Seen(await messagePortTransport(port2).connect());
  const here = new Seen(near);
  near.send(ping(1));
  expect(await here.ended).toMatchObject({ code: "INTERNAL" });
  expect([await there.ended, there.malformed]).toEqual([undefined, []]);
});

const protocol = {
  echo: { type: "request", param: { type: "integer" }, result: { type: "integer" } },
  count: { type: "stream", param: { type: "integer" }, receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;

/** Streams ten items from a server whose port has `faults`. Gives the items, and the code of the error if there was one. */
async function streamOver(faults: MessageFaults): Promise<{ items: number[]; code: string | undefined }> {
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      echo: ({ param }) => param,
      async *count({ param }) {
        for (let number = 0; number < param; number++) {
          yield number;
          await turn();
        }
      },
    },
  });
  const { port1, port2 } = new MessageChannel();
  server.handle(messagePortTransport(faultyPort(port2, faults)));
  const client = new Client({ protocol, transport: messagePortTransport(port1), reconnect: false });
  const items: number[] = [];
  let code: string | undefined;
  let isOver = false;
  // What is lost is noticed by what follows it.
  const follow = async (): Promise<void> => {
    for (; !isOver; await turn()) client.request("echo", { param: 1 }).catch(() => {});
  };
  const following = follow();
  try {
    for await (const item of client.stream("count", { param: 10 })) items.push(item);
  } catch (reason) {
    ({ code } = reason as SluiceError);
  }
  isOver = true;
  await following;
  await client.dispose();
  await server.dispose();
  return { items, code };
}

test.each<MessageFault>(["drop", "duplicate", "reorder"])(
  "a stream of a server whose port commits one %s is whole, or fails after a beginning of it",
  async (fault) => {
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const codes: (string | undefined)[] = [];
    for (let at = 2; at <= 12; at++) {
      const faults = new MessageFaults({ [at]: fault });
      const { items, code } = await streamOver(faults);
      expect([at, items, faults.done[fault]]).toEqual([
        at,
        code === undefined ? all : all.slice(0, items.length),
        1,
      ]);
      codes.push(code);
    }
    expect(codes.slice(0, 8)).toEqual(new Array(8).fill("UNAVAILABLE"));
  },
);

test("whatever is drawn, a link hands over a beginning of what was sent, without gap or repeat", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const plan = randomMessageFaults({ seed, dropOneIn: 30, duplicateOneIn: 30, reorderOneIn: 30 });
    const faults = new MessageFaults(plan);
    const { near, far } = await pair(faults);
    const there = new Seen(far);
    const here = new Seen(near);
    for (let nonce = 1; nonce <= 50; nonce++) {
      near.send(ping(nonce));
      await turn();
    }
    const hits = faults.done.drop + faults.done.duplicate + faults.done.reorder;
    near.close();
    await Promise.all([here.ended, there.ended]);
    expect([seed, there.nonces]).toEqual([seed, Array.from(there.nonces, (_, at) => at + 1)]);
    if (hits === 0) expect(there.nonces.length).toBe(50);
  }
});

test("numbers are of each side, from 1, and the last message has one", async () => {
  const { port1, port2 } = new MessageChannel();
  const raw = new RawPort(port2);
  const numbers: unknown[] = [];
  port2.on("message", ({ number }: { readonly number: unknown }) => numbers.push(number));
  const link = await messagePortTransport(port1).connect();
  const seen = new Seen(link);
  link.send(ping(1));
  await turn();
  link.send(ping(2));
  raw.send({ ...ping(3) });
  while (seen.nonces.length === 0) await turn();
  link.close();
  await raw.closed;
  expect([numbers, seen.nonces]).toEqual([[1, 2, 3], [3]]);
});
