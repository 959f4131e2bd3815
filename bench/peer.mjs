// One process of a benchmark: the server or the client of an adapter, or both, driven over IPC.
//
//     node bench/peer.mjs server|client|both ADAPTER ADDRESS [WORKLOAD]
import { setTimeout as sleep } from "node:timers/promises";
import { counters, producedLimit, TickCheck, WrongAnswerError } from "./values.mjs";
import { workloads } from "./workloads.mjs";

const [role, adapterName, address, workloadName] = process.argv.slice(2);
// A name of ours, or the path of a peer's.
const adapter = await import(adapterName.includes("/") ? adapterName : `./adapters/${adapterName}.mjs`);
const workload = workloads[workloadName];

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const bound = role === "client" ? address : await adapter.serve(address, workloadName);
const open = () => adapter.connect(bound, workloadName);
const openIdle = () => (adapter.connectIdle ?? adapter.connect)(bound, workloadName);
const bench = role === "server" ? undefined : { client: await open(), open, openIdle, kept: {} };
const paced = { check: new TickCheck(), isStopped: false };

const actions = {
  /** The default. */
  cpu: () => ({ cpu: cpu() }),
  prepare: async () => void (await workload.prepare?.(bench)),
  async run({ operations }) {
    const cpuBefore = cpu();
    const startedAt = performance.now();
    const more = await workload.run(bench, operations);
    return { ms: performance.now() - startedAt, cpu: cpu() - cpuBefore, ...more };
  },
  /** Begins to take one item per ms. */
  pour() {
    const take = async (item) => {
      paced.check.take(item);
      await sleep(1);
      return !paced.isStopped;
    };
    bench.client.pour(take).catch((error) => {
      paced.error = error;
    });
  },
  taken() {
    if (paced.error !== undefined) throw paced.error;
    return { taken: paced.check.count };
  },
  produced: () => ({ produced: counters.produced, producedLimit }),
  /** Opens `count` of what the workload leaves idle, some at once. */
  async idle({ count, together }) {
    for (let opened = 0; opened < count; opened += together) {
      const batch = Math.min(together, count - opened);
      await Promise.all(Array.from({ length: batch }, () => workload.open(bench)));
      // What was opened before is at the server once this is answered: a server that lags behind refuses those who come.
      await bench.client.echo({ id: opened, name: "last", tags: ["a", "b", "c"] });
    }
  },
  /** After two collections. */
  async memory() {
    for (let round = 0; round < 2; round++) {
      globalThis.gc();
      await sleep(100);
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    return { used: heapUsed + external, rss };
  },
  about: () => ({ node: process.version }),
};

process.on("message", async ({ id, action = "cpu", ...rest }) => {
  try {
    process.send({ id, ...(await actions[action](rest)) });
  } catch (error) {
    process.send({
      id,
      error: error instanceof Error ? error.stack : String(error),
      isWrong: error instanceof WrongAnswerError,
    });
  }
});
process.on("disconnect", () => process.exit());
process.send({ ready: bound });
