// One process of a benchmark: the server or the client of an adapter, driven over IPC.
import { workloads } from "./workloads.mjs";

const [role, adapterName, address] = process.argv.slice(2);
const adapter = await import(`./adapters/${adapterName}.mjs`);

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const client = role === "client" ? await adapter.connect(address) : undefined;
const bound = role === "server" ? await adapter.serve(address) : address;

process.on("message", async ({ id, workload, operations }) => {
  if (workload === undefined) {
    process.send({ id, cpu: cpu() });
    return;
  }
  const startedAt = performance.now();
  const cpuBefore = cpu();
  await workloads[workload].run(client, operations);
  process.send({ id, cpu: cpu() - cpuBefore, ms: performance.now() - startedAt });
});
process.on("disconnect", () => process.exit());
process.send({ ready: bound });
