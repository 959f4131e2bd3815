// Runs an adapter's server and client in processes of their own and measures a workload on them.
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { workloads } from "./workloads.mjs";

const script = fileURLToPath(new URL("./peer.mjs", import.meta.url));
/** A process that is gone, fails or does not answer; a wrong answer is an error like any other. */
export class LostProcessError extends Error {}

const failure = (message, isWrong) => (isWrong ? new Error(message) : new LostProcessError(message));

/** No answer takes longer. */
const answerTimeoutMs = 120_000;

/** Whether processes can be pinned to a core: by `taskset`, which Linux has. */
export const canPin = spawnSync("taskset", ["-c", "0", "true"]).status === 0;

/** A process that answers questions. */
async function start(role, name, module, address, { workload, node }) {
  const isPinned = workloads[workload].isPinned === true && canPin;
  const command = isPinned ? ["taskset", "-c", "0", node] : [node];
  const child = fork(script, [role, module, address, workload], {
    execPath: command[0],
    execArgv: [...command.slice(1), ...process.execArgv, "--expose-gc"],
  });
  const waiting = new Map();
  let lastId = 0;
  let end;
  const ended = new Promise((_, reject) => {
    end = reject;
  });
  ended.catch(() => {});
  child.once("exit", (code, signal) =>
    end(new LostProcessError(`the ${role} of ${name} ended with ${code ?? signal}`)),
  );
  child.on("message", ({ id, error, isWrong, ...answer }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error !== undefined) reject?.(failure(`${workload} on ${name}, ${role}: ${error}`, isWrong));
    else resolve?.(answer);
  });
  const [{ ready }] = await Promise.race([once(child, "message"), ended]);
  return {
    address: ready,
    ask(action, more) {
      const id = ++lastId;
      const answer = new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
      });
      child.send({ id, action, ...more });
      const timer = new AbortController();
      const late = sleep(answerTimeoutMs, undefined, { signal: timer.signal, ref: false }).then(() => {
        throw new LostProcessError(`${workload} on ${name}: the ${role} has not answered ${action}`);
      });
      late.catch(() => {});
      return Promise.race([answer, ended, late]).finally(() => timer.abort());
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.disconnect();
      // One whose loop is full of work does not hear it.
      const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

const isFree = (scheme) => ["tcp", "ws", "http"].includes(scheme);

/**
 * One adapter over one transport, ready to be measured.
 *
 * @param adapter an entry of adapters/list.mjs or peers/list.mjs
 * @param options `workload`, and `node`: the path of the Node that runs both processes
 */
export async function openPair(adapter, transport, options) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const address = isFree(transport) ? `${transport}://127.0.0.1:0` : `${transport}:${join(folder, "s.sock")}`;
  const { name } = adapter;
  const module = adapter.moduleFor(transport);
  const processes = [];
  const close = async () => {
    // The client first, lest it looks for its server.
    for (const one of processes.reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const isOne = transport === "memory";
    const server = await start(isOne ? "both" : "server", name, module, address, options);
    processes.push(server);
    const client = isOne ? server : await start("client", name, module, server.address, options);
    if (!isOne) processes.push(client);
    return { name, transport, server, client, isOne, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One run: microseconds of CPU per operation, of both processes and of each, operations per second, and what the workload says. */
export async function measureRate({ server, client, isOne }, operations) {
  const before = isOne ? 0 : (await server.ask("cpu")).cpu;
  const { cpu, ms, ...more } = await client.ask("run", { operations });
  const serverCpu = isOne ? 0 : (await server.ask("cpu")).cpu - before;
  return {
    cpu: (cpu + serverCpu) / operations,
    clientCpu: cpu / operations,
    serverCpu: serverCpu / operations,
    perSecond: (operations / ms) * 1000,
    ...more,
  };
}

/**
 * Runs a pair until it is warm: code is compiled, windows have grown.
 *
 * @param pace `warmMs`: for how long, up to four times as long where that is less than `warmShare` of the workload's operations; `targetMs`: of one run; `scale`: of the operations that the workload has at most
 * @returns how many operations take about `targetMs` then
 */
export async function warmUp(pair, workload, { warmMs, warmShare, targetMs, scale }) {
  const { operations, step = 1 } = workloads[workload];
  const most = Math.max(step, operations * scale);
  const whole = (count) => Math.max(1, Math.round(Math.min(count, most) / step)) * step;
  await pair.client.ask("prepare");
  let count = whole(most / 100);
  let done = 0;
  for (let spentMs = 0; ; ) {
    const { perSecond } = await measureRate(pair, count);
    const tookMs = (count / perSecond) * 1000;
    spentMs += tookMs;
    // In steps: what is not warm yet looks slower than it is.
    done += count;
    const next = whole(Math.min(count * 8, (perSecond * targetMs) / 1000));
    if (spentMs >= warmMs && (done >= warmShare * operations || spentMs >= 4 * warmMs)) return next;
    count = next;
  }
}

/** W5: how far the producer is ahead after `ms`, and by how much both have grown, in bytes after a collection. */
export async function measureAhead({ server, client, isOne }, ms) {
  const all = isOne ? [server] : [server, client];
  const before = await Promise.all(all.map((one) => one.ask("memory")));
  await client.ask("pour");
  await sleep(ms);
  const { taken } = await client.ask("taken");
  const { produced, producedLimit } = await server.ask("produced");
  const after = await Promise.all(all.map((one) => one.ask("memory")));
  if (taken === 0) throw new Error("nothing was taken");
  const [serverGrowth, clientGrowth = 0] = after.map((memory, at) => memory.used - before[at].used);
  const [serverRss, clientRss = 0] = after.map((memory, at) => memory.rss - before[at].rss);
  return {
    ahead: produced - taken,
    taken,
    isUnbounded: produced >= producedLimit,
    serverGrowth,
    clientGrowth,
    serverRss,
    clientRss,
  };
}

/** W8: bytes for each, of the server and of the client. */
export async function measureIdle({ server, client, isOne }, workload, scale) {
  const { count, warm, unit } = workloads[workload];
  const scaled = (number) => Math.max(20, Math.round(number * scale));
  const together = unit === "stream" ? 200 : 20;
  const all = isOne ? [server] : [server, client];
  await client.ask("idle", { count: scaled(warm), together });
  const before = await Promise.all(all.map((one) => one.ask("memory")));
  await client.ask("idle", { count: scaled(count), together });
  const after = await Promise.all(all.map((one) => one.ask("memory")));
  const [serverBytes, clientBytes = 0] = after.map(
    (memory, at) => (memory.used - before[at].used) / scaled(count),
  );
  return {
    bytes: serverBytes,
    serverBytes,
    clientBytes,
    serverRss: (after[0].rss - before[0].rss) / scaled(count),
  };
}
