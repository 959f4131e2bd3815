/**
 * The "web" service that the dashboard watches: a small HTTP server that visits itself and logs every visit.
 *
 * `service.ts <log file> [<ms between visits>]`. Reopens its log file at SIGHUP, ends at SIGTERM, and with its parent.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { formatLogLine, type LogLevel } from "./log-line.ts";
import { pause } from "./pause.ts";

const [logFile = "web.log", visitMs = "500"] = process.argv.slice(2);
const pages = new Map([
  ["/", 200],
  ["/healthz", 204],
  ["/report", 500],
]);
const visits = ["/", "/healthz", "/", "/missing", "/report"];

let log = openLog();

const server = createServer((request, response) => {
  const startedMs = performance.now();
  const status = pages.get(request.url ?? "") ?? 404;
  response.writeHead(status).end(() => {
    const elapsed = (performance.now() - startedMs).toFixed(1);
    write(levelOf(request.url, status), `${request.method} ${request.url} ${status} in ${elapsed} ms`);
  });
});

server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // of a TCP server that listens
  write("info", `started with pid ${process.pid}, listening on ${url}`);
  process.send?.("ready");
  for (let turn = 0; ; turn = (turn + 1) % visits.length) {
    await pause(Number(visitMs));
    await fetch(`${url}${visits[turn]}`).then((response) => response.text());
  }
});

process.on("SIGHUP", () => {
  closeSync(log);
  log = openLog();
  write("info", "log file opened again");
});
process.on("SIGTERM", () => end("SIGTERM"));
process.on("disconnect", () => end("the supervisor is gone"));

/** `a` is O_APPEND: every line goes where the file ends at that moment, also after it was truncated. */
function openLog(): number {
  return openSync(logFile, "a", 0o600);
}

/** One write per line, so that the lines of two processes never mix. */
function write(level: LogLevel, message: string): void {
  writeSync(
    log,
    `${formatLogLine({ level, message: `web[${process.pid}] ${message}`, timestamp: Date.now() })}\n`,
  );
}

function levelOf(path: string | undefined, status: number): LogLevel {
  if (status >= 500) return "error";
  if (status >= 400) return "warn";
  return path === "/healthz" ? "debug" : "info";
}

function end(reason: string): void {
  write("info", `stopping: ${reason}`);
  process.exit(0);
}
