/** The web service as a real process: what it logs, and how its log file and its life end. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { followFile } from "../src/follow-file.ts";
import { type LogEntry, logLevels, parseLogLine } from "../src/log-line.ts";
import type { Command } from "../src/service-process.ts";
import { Supervisor } from "../src/supervisor.ts";

const serviceFile = fileURLToPath(new URL("../src/service.ts", import.meta.url));
const execArgv = ["--import", createRequire(import.meta.url).resolve("tsx")];

let directory: string;
let logFile: string;
let supervisor: Supervisor;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "service-"));
  logFile = join(directory, "web.log");
  const command: Command = [process.execPath, ...execArgv, serviceFile, logFile, "5"];
  supervisor = new Supervisor({ name: "web", command });
});

afterEach(async () => {
  await supervisor.stop();
  rmSync(directory, { recursive: true });
});

/** The entries of the log file from its start on, as they come, up to the first that `isLast` is true of. */
async function entriesUntil(
  isLast: (entry: LogEntry, all: readonly LogEntry[]) => boolean,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  const { signal } = new AbortController();
  for await (const line of followFile(logFile, { signal, from: "start", pollMs: 5 })) {
    const entry = parseLogLine(line, Number.NaN);
    entries.push(entry);
    if (isLast(entry, entries)) break;
  }
  return entries;
}

describe("the web service", () => {
  test("says its pid first, and then logs at every level", async () => {
    const pid = await supervisor.start();
    const entries = await entriesUntil((_, all) =>
      logLevels.every((level) => all.some((e) => e.level === level)),
    );
    expect(entries[0]?.message).toMatch(
      new RegExp(`^web\\[${pid}\\] started with pid ${pid}, listening on http://127\\.0\\.0\\.1:\\d+$`),
    );
    const visits = entries
      .slice(1)
      .map(({ level, message }) => `${level} ${message.replace(/ in [\d.]+ ms$/, "")}`);
    expect(visits).toEqual([
      `info web[${pid}] GET / 200`,
      `debug web[${pid}] GET /healthz 204`,
      `info web[${pid}] GET / 200`,
      `warn web[${pid}] GET /missing 404`,
      `error web[${pid}] GET /report 500`,
    ]);
  });

  test("shows its restart in its log: the old pid goes, the new one comes", async () => {
    await supervisor.start();
    const { oldPid, newPid } = await supervisor.restart();
    const entries = await entriesUntil(({ message }) => message.startsWith(`web[${newPid}] GET`));
    const milestones = entries.map(({ message }) => message).filter((message) => !message.includes(" GET "));
    expect(milestones).toEqual([
      expect.stringContaining(`web[${oldPid}] started with pid ${oldPid}`),
      `web[${oldPid}] stopping: SIGTERM`,
      expect.stringContaining(`web[${newPid}] started with pid ${newPid}`),
    ]);
  });

  test("goes on at the start of a log file that was truncated", async () => {
    await supervisor.start();
    await entriesUntil((entry) => entry.level === "error");
    truncateSync(logFile);
    const entries = await entriesUntil((_, all) => all.length === 3);
    expect(entries.every(({ timestamp }) => timestamp > 0)).toBe(true); // no hole of zeros: each line is a log line
  });

  test("turns to a new log file at SIGHUP", async () => {
    const pid = await supervisor.start();
    renameSync(logFile, `${logFile}.1`);
    process.kill(pid, "SIGHUP");
    const [first] = await entriesUntil(() => true);
    expect(first?.message).toBe(`web[${pid}] log file opened again`);
  });

  test("ends with whoever started it", async () => {
    const child = fork(serviceFile, [logFile], { execArgv });
    await once(child, "message");
    child.disconnect();
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(readFileSync(logFile, "utf8")).toMatch(/web\[\d+\] stopping: the supervisor is gone\n$/);
  });
});
