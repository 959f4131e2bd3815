/** The life of a connection as its README shows it, with real processes: a crash, a reconnect, a drain. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));

let program: ChildProcess | undefined;

afterEach(() => {
  program?.kill("SIGKILL");
});

test("prints what its README shows", async () => {
  const [node, ...args] = scripts.start.split(" ");
  const child = spawn(node, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  program = child;
  const [printed, end] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(end).toEqual([0, null]);

  // What differs from run to run: pids, ids of connections, milliseconds.
  const pids = [...new Set([...printed.matchAll(/\[server (\d+)\] listening/g)].map(([, pid]) => pid ?? ""))];
  expect(pids).toHaveLength(2);
  const steady = pids
    .reduce(
      (text, pid, at) => text.replaceAll(new RegExp(`(\\[server|by) ${pid}\\b`, "g"), `$1 ${"AB"[at]}`),
      printed,
    )
    .replaceAll(/^(\[server .\] \w+) \S+ (connected|disconnected)/gm, "$1 ID $2")
    .replaceAll(/after \d+ ms/g, "after N ms");
  const acts = steady.trimEnd().split(/^--- .*\n/m);

  // Each process says its own lines in order; how the lines of two processes mix is up to the system.
  const saidBy = (who: string) =>
    acts.map((act) =>
      act
        .split("\n")
        .filter((line) => line.startsWith(`[${who}]`))
        .map((line) => line.slice(who.length + 3)),
    );
  // When a link is lost, the client's status and the end of a call come in the same moment.
  expect(saidBy("client").map((lines) => lines.toSorted())).toEqual([
    [],
    ["connected", "connecting", "job 1 was done by A"],
    [],
    ["job 2 failed: UNAVAILABLE, processed: maybe: The link to server was lost", "reconnecting"],
    ["connected", "job 3 was done by B"],
    ["draining", "job 4 was done by B", "reconnecting"],
    ["closed"],
  ]);
  expect(saidBy("client")[5]?.[0]).toBe("draining");
  expect(saidBy("server A")).toEqual([
    ["listening"],
    ["demo ID connected over unix", "jobs/run started", "jobs/run ended after N ms"],
    [
      "visitor ID connected over unix",
      "visitor ID disconnected: visitor closed the session: The client was disposed",
    ],
    ["jobs/run started"],
    [],
    [],
    [],
  ]);
  expect(saidBy("server B").slice(4)).toEqual([
    ["listening", "demo ID connected over unix", "jobs/run started", "jobs/run ended after N ms"],
    [
      "jobs/run started",
      "draining",
      "jobs/run ended after N ms",
      "demo ID disconnected: the server has drained",
      "drained",
    ],
    [],
  ]);
});
