// How the cost of a call grows with what is around it: procedures, open calls, connections, its size, relays on its way.
//
// CPU of all processes for one operation, over Unix sockets. All points of a curve are there at once and are measured in turn, round
// after round, so that what disturbs the machine disturbs all of them; each is compared with the first in the same round.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "@sluice/client";
import { protocolOf } from "./curves-protocol.mjs";
import { median, spread } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    curves: { type: "string", default: "procedures,calls,connections,size,hops" },
    json: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "sluice-curves-"));
const script = fileURLToPath(new URL("./curves-peer.mjs", import.meta.url));
let sockets = 0;

async function start(role, rest) {
  const path = join(folder, `${sockets++}.sock`);
  const child = fork(script, [role, path, rest]);
  const next = () => new Promise((resolve) => child.once("message", resolve));
  await next();
  return {
    path,
    async cpu() {
      const answer = next();
      child.send("cpu");
      return (await answer).cpu;
    },
    stop: () => child.disconnect(),
  };
}

const limits = { maxCalls: 20_000, maxQueue: 20_000, maxBuffered: 2 ** 30 };
const ownCpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** A server with its client, and relays between them. */
async function openPoint({ procedures = 3, hops = 0 }) {
  const processes = [await start("server", String(procedures))];
  for (let hop = 0; hop < hops; hop++) processes.push(await start("relay", processes.at(-1).path));
  const address = `unix:${processes.at(-1).path}`;
  const client = await connect(address, { protocol: protocolOf(procedures), limits });
  const others = [];
  return {
    client,
    /** Opens `count` streams that wait, each with a reader that has its first item. */
    async openCalls(count) {
      for (let opened = 0; opened < count; opened += 100) {
        const calls = Array.from({ length: Math.min(100, count - opened) }, () => client.stream("wait"));
        await Promise.all(calls.map((call) => call[Symbol.asyncIterator]().next()));
      }
    },
    async openConnections(count) {
      for (let opened = 0; opened < count; opened += 50) {
        const more = Array.from({ length: Math.min(50, count - opened) }, () =>
          connect(address, { protocol: protocolOf(3) }),
        );
        const clients = await Promise.all(more);
        await Promise.all(clients.map((one) => one.ready));
        others.push(...clients);
      }
    },
    /** Microseconds of CPU for one of `operations` operations. */
    async measure(run, operations) {
      const total = async () => {
        const all = await Promise.all(processes.map((one) => one.cpu()));
        return all.reduce((sum, cpu) => sum + cpu, ownCpu());
      };
      const before = await total();
      await run(client, operations);
      return ((await total()) - before) / operations;
    },
    async close() {
      await Promise.all([client, ...others].map((one) => one.dispose()));
      for (const one of processes) one.stop();
    },
  };
}

/** Requests, 64 in flight, but together at most a MiB: more would wait for memory that is lent to them. */
const requests = (text) => async (client, operations) => {
  let next = 0;
  const lane = async () => {
    while (next++ < operations) {
      const answer = await client.request("echo", { param: text });
      if (answer.length !== text.length) throw new Error("an echo differs");
    }
  };
  const inFlight = Math.max(1, Math.min(64, Math.floor(2 ** 20 / text.length)));
  await Promise.all(Array.from({ length: inFlight }, lane));
};

const items = (text) => async (client, operations) => {
  let received = 0;
  for await (const item of client.stream("texts", { param: { count: operations, text } })) {
    if (item.length !== text.length) throw new Error("an item differs");
    received++;
  }
  if (received !== operations) throw new Error(`${received} of ${operations} items came`);
};

const short = "a text of a few dozen bytes, as in a request";

/** What varies, at which values, and what is measured at each. */
const curves = {
  procedures: {
    title: "procedures in the protocol, requests to one of them",
    values: [3, 30, 300, 3_000],
    open: async (procedures) => openPoint({ procedures }),
    run: () => requests(short),
    operations: () => 20_000,
  },
  calls: {
    title: "open streams on the connection, requests beside them",
    values: [0, 100, 1_000, 10_000],
    async open(count) {
      const point = await openPoint({});
      await point.openCalls(count);
      return point;
    },
    run: () => requests(short),
    operations: () => 20_000,
  },
  connections: {
    title: "idle connections to the server, requests over one more",
    values: [0, 100, 1_000],
    async open(count) {
      const point = await openPoint({});
      await point.openConnections(count);
      return point;
    },
    run: () => requests(short),
    operations: () => 20_000,
  },
  size: {
    title: "bytes of a text, requests that echo it",
    values: [16, 256, 4_096, 65_536, 1_048_576],
    open: () => openPoint({}),
    run: (bytes) => requests("x".repeat(bytes)),
    operations: (bytes) => Math.max(100, Math.min(20_000, 2 ** 26 / bytes)),
  },
  hops: {
    title: "relays on the way, requests",
    values: [0, 1, 2, 3],
    open: (hops) => openPoint({ hops }),
    run: () => requests(short),
    operations: () => 20_000,
  },
  "hops of items": {
    title: "relays on the way, items of 256 bytes of a stream",
    values: [0, 1, 2, 3],
    open: (hops) => openPoint({ hops }),
    run: () => items("x".repeat(254)),
    operations: () => 50_000,
  },
};

const results = [];
for (const [name, { title, values, open, run, operations }] of Object.entries(curves)) {
  if (!options.curves.split(",").some((one) => name.startsWith(one))) continue;
  const points = [];
  for (const value of values) points.push(await open(value));
  const measure = (at) => points[at].measure(run(values[at]), Math.round(operations(values[at])));
  // What is compiled now is not compiled while it is measured.
  for (let round = 0; round < 3; round++) for (const at of values.keys()) await measure(at);
  const samples = values.map(() => []);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const at of values.keys()) samples[at].push(await measure(at));
  }
  for (const point of points) await point.close();
  results.push({ name, title, points: values.map((value, at) => ({ value, samples: samples[at] })) });
}
rmSync(folder, { recursive: true, force: true });

if (options.json) console.log(JSON.stringify(results, null, 2));
else {
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, ${options.rounds} rounds\n`,
  );
  for (const { title, points } of results) {
    console.log(`| ${title} | µs CPU for each | to the first |\n| --: | --: | --: |`);
    for (const { value, samples } of points) {
      const ratios = samples.map((cpu, round) => cpu / points[0].samples[round]);
      const ratio = value === points[0].value ? "" : `${median(ratios).toFixed(2)} ×`;
      console.log(`| ${value.toLocaleString("en")} | ${spread(samples)} | ${ratio} |`);
    }
    console.log();
  }
}
process.exit();
