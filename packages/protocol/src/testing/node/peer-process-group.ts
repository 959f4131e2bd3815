/**
 * A child process together with all that it has started: killed together, and never left behind by our own process.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** What is written to its standard error goes to ours. */
export type GroupLeader = ChildProcessByStdio<Writable, Readable, null>;

/** Windows has no groups of processes: there only the child itself is killed. */
const hasGroups = process.platform !== "win32";

/** Signals that end a process which does not listen for them. */
const deadly = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Leaders that run. There is one listener for all of them. */
const running = new Set<GroupLeader>();

/** Starts `command` as the leader of a group. The group is killed when our process ends before the child does, by itself or by a signal. */
export function startGroup([file = "", ...args]: readonly string[]): GroupLeader {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"], detached: hasGroups });
  child.once("spawn", () => {
    if (running.size === 0) listen();
    running.add(child);
  });
  child.once("close", () => {
    running.delete(child);
    if (running.size === 0) unlisten();
  });
  return child;
}

function listen(): void {
  process.on("exit", killAll);
  for (const signal of deadly) process.on(signal, passOn);
}

function unlisten(): void {
  process.removeListener("exit", killAll);
  for (const signal of deadly) process.removeListener(signal, passOn);
}

function killAll(): void {
  for (const child of running) killGroup(child);
}

/** A terminal sends Ctrl-C to our own group only. Whether it ends our process is left to others that listen. */
function passOn(signal: NodeJS.Signals): void {
  killAll();
  process.removeListener(signal, passOn);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

/** Kills whatever of the group still runs, its leader or not. */
export function killGroup({ pid }: GroupLeader): void {
  if (pid === undefined) return;
  try {
    process.kill(hasGroups ? -pid : pid, "SIGKILL");
  } catch {
    // Nothing of it runs any more.
  }
}
