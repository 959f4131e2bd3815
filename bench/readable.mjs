// `for await` over a call's items, handed over as decoded frames, against a hand-written queue fed the same way.
//
// Bursts of 64 items per turn of the event loop, as far as the reader's credit goes. What is compared: a queue with one waiting
// reader and its own async iterator, found by the frame's call id; `for await (… of call)`; `for await (… of call.readable)`; a reader of call.readable.
import { parseArgs } from "node:util";
import { Client } from "@sluice/client";
import { FrameType, standardUtf8 } from "@sluice/protocol/wire";
import { median, spread } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: { items: { type: "string", default: "1000000" }, runs: { type: "string", default: "15" } },
});
const total = Number(options.items);
const burst = 64;
const item = { seq: 1, ts: 1, value: 0.5 };

/** The least that gives items one by one: an array, a place in it, one promise when it is empty. */
class HandQueue {
  #items = [];
  #first = 0;
  #wake;
  #ended = false;
  push(value) {
    const wake = this.#wake;
    if (wake === undefined) this.#items.push(value);
    else {
      this.#wake = undefined;
      wake({ done: false, value });
    }
  }
  end() {
    this.#ended = true;
    this.#wake?.({ done: true, value: undefined });
  }
  next() {
    if (this.#first < this.#items.length) {
      const value = this.#items[this.#first++];
      if (this.#first === this.#items.length) {
        this.#items.length = 0;
        this.#first = 0;
      }
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
  [Symbol.asyncIterator]() {
    return this;
  }
}

/** A link whose other end is this script: it welcomes, and hands over DATA frames as the limit allows. */
class ScriptedLink {
  kind = "structured";
  info = { transport: "scripted" };
  utf8 = standardUtf8;
  room = 65_536;
  #receiver;
  onOpen;
  limit = 0;
  receive(receiver) {
    this.#receiver = receiver;
  }
  send(frame) {
    if (frame.type === FrameType.HELLO) {
      const { limits, window, floor } = frame.hello;
      const welcome = {
        version: 1,
        codec: "structured",
        peer: "script",
        epoch: "0".repeat(16),
        heartbeat: 15_000,
      };
      queueMicrotask(() =>
        this.hand({ type: FrameType.WELCOME, call: 0, welcome: { ...welcome, limits, window, floor } }),
      );
    } else if (frame.type === FrameType.OPEN) {
      this.limit = frame.window;
      queueMicrotask(() => this.onOpen(frame.call));
    } else if (frame.type === FrameType.CREDIT) this.limit = frame.limit;
    return 0;
  }
  hand(frame) {
    this.#receiver.frame(frame);
  }
  close() {
    this.#receiver.closed(undefined);
  }
  destroy() {}
}

/** Payload bytes that an item counts as; any number will do, the sender says it. */
const itemBytes = 64;

/** A frame as a decoder makes it. */
function dataFrame(call, offset) {
  return {
    type: FrameType.DATA,
    call,
    offset,
    head: false,
    more: false,
    raw: false,
    total: itemBytes,
    payload: item,
    start: 0,
    end: 0,
  };
}

/**
 * The frames of a burst, decoded before the first of them is handed over, as those of a chunk are. Made one by one in the loop
 * that hands them over, the queue's would never exist: the engine sees that nothing but their payload is read.
 */
class BurstOfFrames {
  list = new Array(burst).fill(undefined);
  length = 0;
  made = 0;
  offset = 0;
  #call;
  constructor(call) {
    this.#call = call;
  }
  /** Makes the next ones, as far as `limit` allows. */
  make(limit) {
    this.length = 0;
    while (this.length < burst && this.made < total && this.offset + 64 + itemBytes <= limit) {
      this.list[this.length++] = dataFrame(this.#call, this.offset);
      this.offset += 64 + itemBytes;
      this.made++;
    }
  }
}

async function overCall(read) {
  const link = new ScriptedLink();
  const transport = { name: "scripted", connect: async () => link, dispose: async () => {} };
  const client = new Client({ transport, reconnect: false });
  await client.ready;
  link.onOpen = async (call) => {
    const frames = new BurstOfFrames(call);
    while (frames.made < total) {
      frames.make(link.limit);
      for (let i = 0; i < frames.length; i++) link.hand(frames.list[i]);
      await new Promise(setImmediate);
    }
    const { offset } = frames;
    link.hand({
      type: FrameType.RESULT,
      call,
      offset,
      head: false,
      more: false,
      raw: false,
      total: 0,
      payload: undefined,
      start: 0,
      end: 0,
    });
  };
  const received = await read(client.stream("items", { param: undefined }));
  client.dispose();
  return received;
}

const cases = {
  "hand-written queue": async () => {
    const queue = new HandQueue();
    const queues = new Map([[1, queue]]);
    const hand = (frame) => {
      if (frame.type === FrameType.DATA) queues.get(frame.call)?.push(frame.payload);
    };
    void (async () => {
      const frames = new BurstOfFrames(1);
      while (frames.made < total) {
        frames.make(Number.POSITIVE_INFINITY);
        for (let i = 0; i < frames.length; i++) hand(frames.list[i]);
        await new Promise(setImmediate);
      }
      queue.end();
    })();
    let received = 0;
    for await (const _ of queue) received++;
    return received;
  },
  "for await (… of call)": () =>
    overCall(async (call) => {
      let received = 0;
      for await (const _ of call) received++;
      return received;
    }),
  "for await (… of call.readable)": () =>
    overCall(async (call) => {
      let received = 0;
      for await (const _ of call.readable) received++;
      return received;
    }),
  "call.readable.getReader()": () =>
    overCall(async (call) => {
      let received = 0;
      const reader = call.readable.getReader();
      while (!(await reader.read()).done) received++;
      return received;
    }),
};

const samples = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let run = -1; run < Number(options.runs); run++) {
  for (const [name, measured] of Object.entries(cases)) {
    const before = process.cpuUsage();
    const received = await measured();
    const { user, system } = process.cpuUsage(before);
    if (received !== total) throw new Error(`${name}: ${received} of ${total} items`);
    if (run >= 0) samples[name].push(((user + system) * 1000) / total);
  }
}

const base = samples["hand-written queue"];
console.log(
  `Node ${process.version}, ${total} items, ${options.runs} interleaved runs: ns CPU per item, median (quartiles)\n`,
);
console.log("| | ns | to the queue |\n| --- | --: | --: |");
for (const [name, values] of Object.entries(samples)) {
  const ratio = median(values.map((value, i) => value / base[i]));
  console.log(`| ${name} | ${spread(values, 0)} | ${ratio.toFixed(2)} × |`);
}
