/**
 * The dashboard's server: measures this host, follows the log of a web service that it runs, and restarts it. It also serves
 * the dashboard's page.
 *
 * `server.ts [<directory for the socket and the log> [<port of the page>]]`. `SLUICE_DEMO_SPEED` makes the service that much busier.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChannelHandler, type RequestHandler, Server, type StreamHandler } from "@sluice/server";
import { type Dashboard, dashboard } from "./protocol.ts";
import { buildPage } from "./src/build-page.ts";
import { followFile } from "./src/follow-file.ts";
import { hostSampler } from "./src/host-metrics.ts";
import { isAtLeast, parseLogLine } from "./src/log-line.ts";
import { NumberSource } from "./src/number-source.ts";
import { servePage } from "./src/page-server.ts";
import { pause } from "./src/pause.ts";
import { Supervisor } from "./src/supervisor.ts";

const directory = process.argv[2] ?? (await mkdtemp(join(tmpdir(), "sluice-dashboard-")));
const logFile = join(directory, "web.log");
const speed = Number(process.env.SLUICE_DEMO_SPEED ?? 1);
const visitMs = 500 / speed;
const service = fileURLToPath(new URL("src/service.ts", import.meta.url));

const web = new Supervisor({
  name: "web",
  command: [process.execPath, ...process.execArgv, service, logFile, String(visitMs)],
  onDeath: ({ pid, how, delayMs }) =>
    console.log(`Service web (pid ${pid}) died: ${how}; next in ${delayMs} ms`),
});

const metrics: StreamHandler<Dashboard, "metrics/stream"> = async function* ({ param, signal }) {
  const sample = hostSampler();
  for (let totalSamples = 0; ; totalSamples++) {
    await pause(param.interval, signal);
    if (signal.aborted) return { totalSamples };
    yield sample(); // waits for a reader that is slow
  }
};

const logs: ChannelHandler<Dashboard, "logs/watch"> = async function* ({ param, readable, signal }) {
  let { level } = param;
  let totalLogs = 0;
  const takeUpdates = async () => {
    for await (const update of readable) {
      level = update.level;
      console.log(`Filter updated to: ${level}`);
    }
  };
  takeUpdates().catch(() => {}); // a call that broke off: `signal` says so too
  for await (const line of followFile(logFile, { signal, from: "end" })) {
    const entry = parseLogLine(line);
    if (!isAtLeast(entry.level, level)) continue;
    yield entry;
    totalLogs += 1;
  }
  return { totalLogs };
};

const restart: RequestHandler<Dashboard, "system/restart"> = async ({ param }) => {
  if (param.service !== "web") return { success: false, message: `No such service: ${param.service}` };
  console.log("Restarting service: web");
  try {
    const { oldPid, newPid } = await web.restart();
    return { success: true, message: `Service web restarted successfully (pid ${oldPid} → ${newPid})` };
  } catch (error) {
    return { success: false, message: `Service web did not restart: ${(error as Error).message}` };
  }
};

const [files] = await Promise.all([buildPage(), web.start()]);
const page = await servePage(files, Number(process.argv[3] ?? 0));

const cut: RequestHandler<Dashboard, "connection/cut"> = ({ connection }) => {
  if (page.cut(connection.remote)) console.log("Link cut");
};

const numbers = new NumberSource();
const server = new Server({
  protocol: dashboard,
  handlers: {
    "metrics/stream": metrics,
    "logs/watch": logs,
    "system/restart": restart,
    "numbers/produce": numbers.produce,
    "numbers/progress": numbers.progress,
    "connection/cut": cut,
  },
  graceMs: 30_000 / speed, // how long a page may be gone before its handlers end
  public: true, // nobody has to sign in: only this user can open the socket, only this machine the page
});
server.on("connected", () => console.log("Client connected"));
server.on("disconnected", () => console.log("Client disconnected"));

async function shutDown(): Promise<void> {
  await server.dispose();
  await page.close();
  await web.stop();
  process.exit();
}
process.once("SIGINT", shutDown);
process.once("SIGTERM", shutDown);
process.once("disconnect", shutDown); // main.ts is gone, if that has started this process

const [address] = await server.listen(`unix:${join(directory, "dashboard.sock")}`, page.listener);
console.log(`Dashboard server listening on ${address}`);
console.log(`Dashboard page at ${page.url}`);
process.send?.("ready");
