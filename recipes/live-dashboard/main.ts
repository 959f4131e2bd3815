/** The demo in one terminal: the server is a process of its own, the client is this one, a Unix socket joins them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { interruption, showDashboard } from "./client.ts";
import { ServiceProcess } from "./src/service-process.ts";

const stop = interruption();
const directory = await mkdtemp(join(tmpdir(), "sluice-dashboard-")); // its user's alone
const program = fileURLToPath(new URL("server.ts", import.meta.url));
const server = new ServiceProcess([process.execPath, ...process.execArgv, program, directory]);
try {
  await server.ready(30_000);
  await showDashboard(`unix:${join(directory, "dashboard.sock")}`, stop);
} finally {
  await server.terminate(10_000);
  await rm(directory, { recursive: true });
}
