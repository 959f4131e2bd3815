/** FC-12: a port whose receiver reads no further makes its peer wait, as a relay needs it. */
import { MessageChannel } from "node:worker_threads";
import { type Frame, FrameType, type Link, type LinkReceiver } from "@sluice/protocol/wire";
import { expect, test } from "vitest";
import { messagePortTransport } from "../src/message-port-transport.ts";

/** Notes the numbers of CREDITs that come, and how often the link ended; runs `onFrame` for each. */
function noting(link: Link, onFrame: (count: number) => void = () => {}) {
  const noted = { numbers: [] as number[], closed: 0 };
  const receiver: LinkReceiver = {
    frame(frame: Frame) {
      if (frame.type !== FrameType.CREDIT) return;
      noted.numbers.push(frame.received);
      onFrame(noted.numbers.length);
    },
    malformed() {},
    flushing() {},
    writable() {},
    closed: () => void noted.closed++,
  };
  link.receive(receiver);
  return noted;
}

async function pair(): Promise<{ near: Link; far: Link }> {
  const { port1, port2 } = new MessageChannel();
  return {
    near: await messagePortTransport(port1).connect(),
    far: await messagePortTransport(port2).connect(),
  };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const numbered = (received: number): Frame => ({
  type: FrameType.CREDIT,
  call: 1,
  received,
  limit: received,
});

test("FC-12 a link that is paused takes no message, its peer's room runs out, and all comes in order when it is resumed", async () => {
  const { near, far } = await pair();
  noting(near);
  const came = noting(far, (count) => count === 1 && far.pause?.());
  near.send(numbered(0));
  await turns(20);
  const total = 3_000;
  let sent = 1;
  for (; sent < total && near.room > 0; sent++) {
    near.send(numbered(sent));
    if (sent % 50 === 0) await turns(2);
  }
  await turns(50);
  expect([came.numbers, sent < total, near.room <= 0]).toEqual([[0], true, true]);
  far.resume?.();
  await turns(50);
  expect(came.numbers).toEqual(Array.from({ length: sent }, (_, at) => at));
  expect(near.room).toBeGreaterThan(0);
  near.close();
  await turns(20);
  expect(came.closed).toBe(1);
});

test("a link that is paused again by what it kept keeps the rest", async () => {
  const { near, far } = await pair();
  noting(near);
  const came = noting(far, () => far.pause?.());
  for (let number = 0; number < 3; number++) {
    near.send(numbered(number));
    await turns(5);
  }
  for (const wanted of [[0], [0, 1], [0, 1, 2]]) {
    expect(came.numbers).toEqual(wanted);
    far.resume?.();
    await turns(5);
  }
  far.destroy();
  near.destroy();
});

// What had come before close() is handed over, as what came before a first receiver is.
test.each([
  ["close", [0, 1]],
  ["destroy", [0]],
] as const)("a link that is paused ends once when it is told to %s", async (end, numbers) => {
  const { near, far } = await pair();
  noting(near);
  const came = noting(far, () => far.pause?.());
  near.send(numbered(0));
  await turns(5);
  near.send(numbered(1));
  await turns(5);
  far[end]();
  await turns(20);
  expect([came.numbers, came.closed]).toEqual([numbers, 1]);
});

test("the end of the peer comes behind what is kept", async () => {
  const { near, far } = await pair();
  noting(near);
  const came = noting(far, (count) => count === 1 && far.pause?.());
  near.send(numbered(0));
  await turns(5);
  near.send(numbered(1));
  near.close();
  await turns(20);
  expect([came.numbers, came.closed]).toEqual([[0], 0]);
  far.resume?.();
  await turns(20);
  expect([came.numbers, came.closed]).toEqual([[0, 1], 1]);
});
