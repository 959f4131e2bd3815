/**
 * Counts what one kind of call costs, and prints it as JSON: `measure.mjs TRANSPORT WORKLOAD bytes|events`.
 *
 * `bytes`: what is allocated, as the growth of a heap that is not collected meanwhile. `events`: promises, timers, writes and frames,
 * by hooks that allocate themselves.
 */
import { createHook } from "node:async_hooks";
import { Socket } from "node:net";
import { PerformanceObserver } from "node:perf_hooks";
import { connected, workloads } from "./calls.mjs";

const [transport = "", workload = "", mode] = process.argv.slice(2);
const run = workloads[workload];
if (run === undefined) throw new Error(`No workload ${workload}`);

/** Code is compiled and windows have grown after this many. */
const warmUp = 6_000;
const operations = 4_000;

/** Bytes of JavaScript's heap for each operation. */
async function bytes() {
  const { client, close } = await connected(transport, false);
  await run(client, warmUp);
  globalThis.gc?.();
  const collections = new PerformanceObserver(() => {});
  collections.observe({ entryTypes: ["gc"] });
  const before = process.memoryUsage().heapUsed;
  await run(client, operations);
  const grown = process.memoryUsage().heapUsed - before;
  await new Promise(setImmediate);
  const collected = collections.takeRecords().length;
  if (collected > 0) throw new Error(`${collected} collections while allocations were counted`);
  await close();
  return { bytes: grown / operations };
}

/** What a thousand operations do besides. */
async function events() {
  let writes = 0;
  for (const name of ["_write", "_writev"]) {
    const original = Socket.prototype[name];
    Socket.prototype[name] = function (...args) {
      writes++;
      return original.apply(this, args);
    };
  }
  const { client, frames, close } = await connected(transport, true);
  await run(client, warmUp);
  let promises = 0;
  let timers = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === "PROMISE") promises++;
      else if (type === "Timeout") timers++;
    },
  });
  const before = { frames: frames(), writes };
  hook.enable();
  await run(client, operations);
  hook.disable();
  const counted = { frames: frames() - before.frames, writes: writes - before.writes };
  await close();
  return {
    promises: promises / operations,
    timers: (timers / operations) * 1000,
    writes: (counted.writes / operations) * 1000,
    frames: (counted.frames / operations) * 1000,
  };
}

console.log(JSON.stringify(mode === "bytes" ? await bytes() : await events()));
process.exit();
