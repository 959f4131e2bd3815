/**
 * The dashboard in a terminal: shows metrics and log lines, changes the filter, restarts the web service.
 *
 * `client.ts <url of the server>`. On a terminal it goes on until Ctrl-C; otherwise it ends after fifteen seconds.
 * `SLUICE_DEMO_SPEED` divides all times.
 */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { connect } from "@sluice/client";
import { dashboard } from "./protocol.ts";
import type { LogLevel } from "./src/log-line.ts";
import { pause } from "./src/pause.ts";
import { TerminalLines, wantsColour } from "./src/terminal.ts";

const speed = Number(process.env.SLUICE_DEMO_SPEED ?? 1);
const lines = new TerminalLines(wantsColour(process.stdout));

/** Aborts when the user or the system asks this process to end: at the first Ctrl-C; the second one ends it at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** Shows the dashboard of the server at `url`. Resolves after the totals; rejects if the connection breaks. */
export async function showDashboard(url: string, stop: AbortSignal): Promise<void> {
  await using client = await connect(url, { protocol: dashboard, reconnect: false }); // the server's end is the demo's
  await client.ready;
  const metrics = client.stream("metrics/stream", { param: { interval: 2_000 / speed } });
  const logs = client.channel("logs/watch", { param: { level: "info" } });

  async function showMetrics(): Promise<void> {
    for await (const sample of metrics) console.log(lines.metrics(sample));
    const { totalSamples } = await metrics;
    console.log(lines.metricsEnded(totalSamples));
  }

  async function showLogs(): Promise<void> {
    for await (const entry of logs) console.log(lines.log(entry));
    const { totalLogs } = await logs;
    console.log(lines.logsEnded(totalLogs));
  }

  async function changeFilter(level: LogLevel): Promise<void> {
    console.log(lines.changingFilter(level));
    await logs.send({ level });
  }

  async function restartWeb(): Promise<void> {
    console.log(lines.restarting("web"));
    console.log(lines.restarted(await client.request("system/restart", { param: { service: "web" } })));
    await changeFilter("info"); // to see the lines of the new process
  }

  async function playTimeline(): Promise<void> {
    for (const act of [() => changeFilter("error"), restartWeb]) {
      await pause(5_000 / speed, stop);
      if (stop.aborted) return;
      await act();
    }
    if (!process.stdout.isTTY) await pause(5_000 / speed, stop);
    else if (!stop.aborted) await once(stop, "abort");
  }

  const shown = Promise.all([showMetrics(), showLogs()]);
  await Promise.race([playTimeline(), shown]);
  console.log(lines.disconnecting());
  await client.dispose(); // asks both calls to finish: their totals are still to come
  await shown;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await showDashboard(process.argv[2] ?? "", interruption());
}
