// Runs an adapter's server and client in processes of their own and measures a workload on them.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { workloads } from "./workloads.mjs";

const script = fileURLToPath(new URL("./peer.mjs", import.meta.url));

/** A process that answers questions. */
async function start(role, adapter, address) {
  const child = fork(script, [role, adapter, address]);
  const waiting = new Map();
  let lastId = 0;
  const ready = new Promise((resolve, reject) => {
    child.on("message", (message) => {
      if (message.ready !== undefined) resolve(message.ready);
      else {
        waiting.get(message.id)?.(message);
        waiting.delete(message.id);
      }
    });
    child.once("exit", (code) => reject(new Error(`the ${role} of ${adapter} ended with ${code}`)));
  });
  return {
    address: await ready,
    ask(question) {
      return new Promise((resolve) => {
        const id = ++lastId;
        waiting.set(id, resolve);
        child.send({ id, ...question });
      });
    },
    stop: () => child.disconnect(),
  };
}

/** One adapter over one transport, ready to be measured. */
export async function openPair(adapter, transport) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const address = transport === "unix" ? `unix:${join(folder, "s.sock")}` : `${transport}://127.0.0.1:0`;
  // The limit is another one over each kind of connection.
  const name = adapter === "raw" && ["ws", "http"].includes(transport) ? `raw-${transport}` : adapter;
  const server = await start("server", name, address);
  const client = await start("client", name, server.address);
  return {
    name: adapter,
    transport,
    /** Microseconds of CPU per operation, of both processes and of each, and operations per second. */
    async measure(workload, operations = workloads[workload].operations) {
      const before = (await server.ask({})).cpu;
      const { cpu, ms } = await client.ask({ workload, operations });
      const serverCpu = (await server.ask({})).cpu - before;
      return {
        cpu: (cpu + serverCpu) / operations,
        clientCpu: cpu / operations,
        serverCpu: serverCpu / operations,
        perSecond: (operations / ms) * 1000,
      };
    },
    close() {
      client.stop();
      server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
