/** Supervisor with real child processes, small ones that behave as badly as needed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Command } from "../src/service-process.ts";
import { type Death, Supervisor, type SupervisorOptions } from "../src/supervisor.ts";

const well = "process.on('disconnect', () => process.exit()); process.send('ready');";
const deaf = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); process.send('ready');";
const mute = "setInterval(() => {}, 1e6); process.on('disconnect', () => process.exit());";

const supervisors: Supervisor[] = [];

function supervise(code: string, options: Partial<SupervisorOptions> = {}): Supervisor {
  const supervisor = new Supervisor({ name: "web", command: node(code), ...options });
  supervisors.push(supervisor);
  return supervisor;
}

function node(code: string): Command {
  return [process.execPath, "-e", code];
}

/** Whether a process runs. One that has ended and waits for its parent to notice does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

afterEach(async () => {
  await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.stop()));
});

describe("Supervisor", () => {
  test("starts the service and ends it", async () => {
    const supervisor = supervise(well);
    const pid = await supervisor.start();
    expect(supervisor.pid).toBe(pid);
    expect(isRunning(pid)).toBe(true);
    await supervisor.stop();
    expect(isRunning(pid)).toBe(false);
  });

  test("keeps the service out of reach of the terminal's Ctrl-C", async () => {
    const pid = await supervise(well).start();
    const [processGroup] =
      readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(2) ?? [];
    expect(Number(processGroup)).toBe(pid);
  });

  test("restarts: the old process is gone when the new one is ready, and that is no death", async () => {
    const deaths: Death[] = [];
    const supervisor = supervise(well, { onDeath: (death) => deaths.push(death) });
    const oldPid = await supervisor.start();
    const restart = await supervisor.restart();
    expect(restart).toEqual({ oldPid, newPid: supervisor.pid });
    expect(restart.newPid).not.toBe(oldPid);
    expect([isRunning(oldPid), isRunning(restart.newPid)]).toEqual([false, true]);
    expect(deaths).toEqual([]);
  });

  test("shares one restart between calls that overlap", async () => {
    const supervisor = supervise(well);
    const oldPid = await supervisor.start();
    const restarts = [supervisor.restart(), supervisor.restart()];
    await vi.waitFor(() => expect(supervisor.pid).not.toBe(oldPid), { interval: 1, timeout: 20_000 });
    restarts.push(supervisor.restart()); // the next process is there, and not yet ready
    expect(await Promise.all(restarts)).toEqual(Array(3).fill({ oldPid, newPid: supervisor.pid }));
    const newPid = supervisor.pid;
    const another = await supervisor.restart();
    expect(another.oldPid).toBe(newPid);
  });

  test("kills a process that does not end when told", async () => {
    const supervisor = supervise(deaf, { stopTimeoutMs: 50 });
    const { oldPid, newPid } = await supervisor.start().then(() => supervisor.restart());
    expect([isRunning(oldPid ?? 0), isRunning(newPid)]).toEqual([false, true]);
    await supervisor.stop();
    expect(isRunning(newPid)).toBe(false);
  });

  test("starts a process again that died by itself", async () => {
    const supervisor = supervise(well, { backoff: { initialMs: 1, maxMs: 10_000 } });
    const pid = await supervisor.start();
    process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(supervisor.pid).not.toBe(pid), { interval: 1, timeout: 20_000 });
    const { oldPid } = await supervisor.restart();
    expect(oldPid).not.toBe(pid);
  });

  test("waits longer after every death in a row, up to a bound", async () => {
    const deaths: Death[] = [];
    const supervisor = supervise(well, {
      backoff: { initialMs: 100, maxMs: 500 },
      onDeath: (death) => deaths.push(death),
      wait: async () => {}, // no time passes here
    });
    let pid: number | undefined = await supervisor.start();
    const expected: Death[] = [];
    for (const delayMs of [100, 200, 400, 500, 500]) {
      expected.push({ pid, how: "SIGKILL", delayMs });
      process.kill(supervisor.pid ?? Number.NaN, "SIGKILL");
      await vi.waitFor(() => expect(supervisor.pid).not.toBe(pid), { interval: 1, timeout: 20_000 });
      pid = supervisor.pid;
    }
    expect(deaths).toEqual(expected);
  });

  test("does not wait when it is asked to restart a service that is dead", async () => {
    let isDead = () => {};
    const dead = new Promise<void>((resolve) => {
      isDead = resolve;
    });
    const backoff = { initialMs: 3_600_000, maxMs: 3_600_000 };
    const supervisor = supervise(well, { backoff, onDeath: () => isDead() });
    const oldPid = await supervisor.start();
    process.kill(oldPid, "SIGKILL");
    await dead;
    const { newPid } = await supervisor.restart();
    expect(isRunning(newPid)).toBe(true);
  });

  test.each<[string, Partial<SupervisorOptions>, string]>([
    [
      "cannot be found",
      { command: ["/no/such/program"] },
      "ended before it was ready: spawn /no/such/program ENOENT",
    ],
    ["dies at once", { command: node("process.exit(3)") }, "ended before it was ready: exit code 3"],
    ["never gets ready", { command: node(mute), readyTimeoutMs: 50 }, "not ready after 50 ms"],
  ])("gives up a program that %s when it is started", async (_name, options, message) => {
    const supervisor = supervise("", options);
    await expect(supervisor.start()).rejects.toThrow(message);
    expect(isRunning(supervisor.pid ?? 0)).toBe(false);
    await expect(supervisor.restart()).rejects.toThrow("Cannot restart web: it is stopped");
  });

  test("stops while a restart is under way, and tells whoever waits for that", async () => {
    const supervisor = supervise(well);
    const pid = await supervisor.start();
    const restart = supervisor.restart();
    const outcome = expect(restart).rejects.toThrow("web is stopped");
    await supervisor.stop();
    await outcome;
    expect(isRunning(pid)).toBe(false);
  });
});

describe("a supervised process", () => {
  const supervisorUrl = new URL("../src/supervisor.ts", import.meta.url).href;
  const execArgv = ["--import", createRequire(import.meta.url).resolve("tsx"), "--input-type=module"];

  test.each<[string, string, string, NodeJS.Signals]>([
    ["is killed", well, "", "SIGKILL"],
    ["is ended", well, "", "SIGTERM"],
    [
      "exits by itself, even if it does not listen",
      deaf,
      "process.on('SIGTERM', () => process.exit());",
      "SIGTERM",
    ],
  ])("is gone after its parent %s", async (_name, service, handler, signal) => {
    const code = `
      import { Supervisor } from ${JSON.stringify(supervisorUrl)};
      ${handler}
      const supervisor = new Supervisor(${JSON.stringify({ name: "web", command: node(service) })});
      console.log(await supervisor.start());
    `;
    const parent = spawn(process.execPath, [...execArgv, "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface(parent.stdout), "line");
    const pid = Number(line);
    try {
      expect(isRunning(pid)).toBe(true);
      parent.kill(signal);
      await once(parent, "exit");
      await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { interval: 1, timeout: 20_000 });
    } finally {
      if (isRunning(pid)) process.kill(pid, "SIGKILL");
    }
  });
});
