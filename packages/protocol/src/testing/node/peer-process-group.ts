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

/** Starts `command` as the leader of a group. The group is killed when our process ends before the child does, by itself or by a signal. */
export function startGroup([file = "", ...args]: readonly string[]): GroupLeader {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"], detached: hasGroups });
  const kill = (): void => void killGroup(child);
  // A terminal sends Ctrl-C to our own group only.
  const passOn = (signal: NodeJS.Signals): void => {
    kill();
    forget();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const forget = (): void => {
    process.removeListener("exit", kill);
    for (const signal of deadly) process.removeListener(signal, passOn);
  };
  child.once("spawn", () => {
    process.once("exit", kill);
    for (const signal of deadly) process.on(signal, passOn);
  });
  child.once("close", forget);
  return child;
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
