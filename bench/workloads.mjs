// The workloads: what is done, how often, and what one operation is. PERF-W10, the bundle of a browser, is in bundles.mjs.
import { checkChunk, chunkBytes, person, record, TickCheck, WrongAnswerError } from "./values.mjs";

/**
 * What an adapter's `connect(address, workload)` gives; one that lacks a method says why in its entry of adapters/list.mjs or
 * peers/list.mjs.
 *
 * @typedef {{
 *   echo(value: unknown): Promise<unknown>,
 *   echoRecord(value: unknown): Promise<unknown>,
 *   ticks(count: number, check?: TickCheck): Promise<number>,
 *   pour(take: (item: unknown) => Promise<boolean>): Promise<void>,
 *   pingPong(count: number, inFlight: number, check: TickCheck): Promise<void>,
 *   download(count: number, onChunk: (chunk: Uint8Array) => void): Promise<void>,
 *   upload(count: number): Promise<number>,
 *   watch(): Promise<void>,
 *   subscribe(onItem: (item: unknown) => void): void,
 *   subscribers(): Promise<number>,
 *   publish(count: number): Promise<void>,
 *   close(): Promise<void>,
 * }} BenchClient
 */

/** What a workload finds: a client, a way to open more, and what it has prepared itself. @typedef {{ client: BenchClient, open(): Promise<BenchClient>, kept: Record<string, any> }} Bench */

/** Whether `got` has all that `sent` has; it may have more, such as the name of its type. */
function matches(sent, got) {
  if (typeof sent !== "object" || sent === null) return Object.is(sent, got);
  if (typeof got !== "object" || got === null) return false;
  if (Array.isArray(sent) && sent.length !== got.length) return false;
  return Object.keys(sent).every((key) => matches(sent[key], got[key]));
}

const checkEcho = (sent, got, isWhole) => {
  const isSame = isWhole ? matches(sent, got) : got?.id === sent.id;
  if (!isSame) throw new WrongAnswerError(`echo of ${JSON.stringify(sent)} gave ${JSON.stringify(got)}`);
};

/** Sends `operations` values, `inFlight` at a time. One answer in 256 is compared as a whole, of the others the id. */
async function echoes(operations, inFlight, make, echo) {
  let next = 0;
  const one = async () => {
    while (next < operations) {
      const id = next++;
      const sent = make(id);
      checkEcho(sent, await echo(sent), id % 256 === 0);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}

async function pingPong({ client }, operations, inFlight) {
  const check = new TickCheck();
  await client.pingPong(operations, inFlight, check);
  check.finish(operations);
}

/** W9: so many clients, each with a connection of its own. */
export const fanout = 200;

/**
 * `rate`: operations per second and CPU for each. `ahead`: what a producer without limit gets ahead of a slow consumer.
 * `idle`: memory of what does nothing. `metric` is what is compared: `cpu` and `p50` shall be low, `perSecond` high.
 */
export const workloads = {
  W1: {
    title: "PERF-W1: unary echo of {id, name, tags: string[3]}, one at a time, both processes on one core",
    kind: "rate",
    metric: "p50",
    unit: "op",
    operations: 20_000,
    isPinned: true,
    /** @param {Bench} bench */
    async run({ client }, operations) {
      const times = new Float64Array(operations);
      for (let id = 0; id < operations; id++) {
        const sent = person(id);
        const startedAt = performance.now();
        const got = await client.echo(sent);
        times[id] = performance.now() - startedAt;
        checkEcho(sent, got, id % 256 === 0);
      }
      return { p50: times.sort()[Math.floor(operations / 2)] * 1000 };
    },
  },
  W2: {
    title: "PERF-W2: the same, 64 in flight on one connection",
    kind: "rate",
    metric: "cpu",
    unit: "op",
    operations: 100_000,
    /** @param {Bench} bench */
    run: ({ client }, operations) => echoes(operations, 64, person, (value) => client.echo(value)),
  },
  W3: {
    title: "PERF-W3: unary echo of a 10 KB object, 16 in flight",
    kind: "rate",
    metric: "cpu",
    unit: "op",
    operations: 5_000,
    /** @param {Bench} bench */
    run: ({ client }, operations) => echoes(operations, 16, record, (value) => client.echoRecord(value)),
  },
  W4: {
    title: "PERF-W4: server stream of {seq, ts, value} to one for await",
    kind: "rate",
    metric: "cpu",
    unit: "msg",
    operations: 200_000,
    /** @param {Bench} bench */
    async run({ client }, operations) {
      const check = new TickCheck();
      await client.ticks(operations, check);
      check.finish(operations);
    },
  },
  W5: {
    title: "PERF-W5: a consumer that takes one item per ms, a producer without limit",
    kind: "ahead",
    metric: "ahead",
    unit: "item",
    ms: 5_000,
  },
  "W6-1": {
    title: "PERF-W6: channel ping-pong, 1 in flight",
    kind: "rate",
    metric: "perSecond",
    unit: "round trip",
    operations: 20_000,
    /** @param {Bench} bench */
    run: (bench, operations) => pingPong(bench, operations, 1),
  },
  "W6-64": {
    title: "PERF-W6: channel ping-pong, 64 in flight",
    kind: "rate",
    metric: "perSecond",
    unit: "round trip",
    operations: 100_000,
    /** @param {Bench} bench */
    run: (bench, operations) => pingPong(bench, operations, 64),
  },
  "W7-down": {
    title: "PERF-W7: 64 KiB Uint8Arrays from the server",
    kind: "rate",
    metric: "perSecond",
    unit: "chunk",
    operations: (256 * 1024 * 1024) / chunkBytes,
    /** @param {Bench} bench */
    async run({ client }, operations) {
      let received = 0;
      await client.download(operations, (chunk) => checkChunk(chunk, received++));
      if (received !== operations) throw new WrongAnswerError(`${received} of ${operations} chunks came`);
    },
  },
  "W7-up": {
    title: "PERF-W7: 64 KiB Uint8Arrays to the server",
    kind: "rate",
    metric: "perSecond",
    unit: "chunk",
    operations: (256 * 1024 * 1024) / chunkBytes,
    /** @param {Bench} bench */
    async run({ client }, operations) {
      const received = await client.upload(operations);
      if (received !== operations) throw new WrongAnswerError(`${received} of ${operations} chunks came`);
    },
  },
  "W8-streams": {
    title: "PERF-W8: memory of an idle stream, of 10,000 on one connection",
    kind: "idle",
    metric: "bytes",
    unit: "stream",
    count: 10_000,
    warm: 1_000,
    /** @param {Bench} bench */
    async open({ client }) {
      await client.watch();
    },
  },
  "W8-connections": {
    title: "PERF-W8: the server's memory for an idle connection, of 1,000",
    kind: "idle",
    metric: "bytes",
    unit: "connection",
    count: 1_000,
    warm: 1_000,
    /** @param {Bench} bench */
    async open({ openIdle, kept }) {
      kept.idle ??= [];
      kept.idle.push(await openIdle());
    },
  },
  W9: {
    title: `PERF-W9: one producer, ${fanout} subscribers on ${fanout} connections`,
    kind: "rate",
    metric: "perSecond",
    unit: "delivery",
    operations: 1_000 * fanout,
    /** Whole items for all. */
    step: fanout,
    /** @param {Bench} bench */
    async prepare({ client, open, kept }) {
      kept.readers = [];
      for (let at = 0; at < fanout; at++) {
        const reader = await open();
        const state = { check: new TickCheck(), expected: 0, finished: () => {} };
        await reader.subscribe((item) => {
          state.check.take(item);
          if (state.check.count === state.expected) state.finished();
        });
        kept.readers.push(state);
      }
      while ((await client.subscribers()) < fanout) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    /** @param {Bench} bench */
    async run({ client, kept }, operations) {
      const expected = operations / fanout;
      const all = kept.readers.map((state) => {
        state.check.count = 0;
        state.expected = expected;
        return new Promise((resolve) => {
          state.finished = resolve;
        });
      });
      await Promise.all([client.publish(expected), ...all]);
    },
  },
};
