/** The life of a connection as its README shows it, with real processes: a link that is cut, a crash, a reconnect, a drain. */
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

/** What each process says in each act, in order; how the lines of two processes mix is up to the system. */
function linesOf(printed: string) {
  // What differs from run to run: pids, ids of connections, milliseconds.
  const pids = [...new Set([...printed.matchAll(/\[server (\d+)\] listening/g)].map(([, pid]) => pid ?? ""))];
  expect(pids).toHaveLength(2);
  const steady = pids
    .reduce(
      (text, pid, at) => text.replaceAll(new RegExp(`(\\[server|by) ${pid}\\b`, "g"), `$1 ${"AB"[at]}`),
      printed,
    )
    .replaceAll(/^(\[server .\] \w+) \S+ (connected|disconnected|has lost|is back)/gm, "$1 ID $2")
    .replaceAll(/after \d+ ms/g, "after N ms");
  const acts = steady.trimEnd().split(/^--- .*\n/m);
  const saidBy = (who: string) =>
    acts.map((act) =>
      act
        .split("\n")
        .filter((line) => line.startsWith(`[${who}]`))
        .map((line) => line.slice(who.length + 3)),
    );
  return { client: saidBy("client"), serverA: saidBy("server A"), serverB: saidBy("server B") };
}

test("SE-6 X9 X10 prints what its README shows: a cut link loses nothing, a crash says what it may have lost", async () => {
  const [node, ...args] = scripts.start.split(" ");
  const child = spawn(node, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  program = child;
  const [printed, end] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(end).toEqual([0, null]);

  const said = linesOf(printed);
  // When a link is lost or found, the client's status and the end of a call come in the same moment.
  expect(said.client.map((lines) => lines.toSorted())).toEqual([
    [],
    ["connected", "connecting", "job 1 was done by A"],
    [],
    ["connected", "counted to 30000: 0 lost, 0 doubled", "reconnecting"],
    ["reconnecting"],
    [
      "connected",
      "job 2 failed: UNAVAILABLE, processed: maybe: The session with server was lost",
      "job 3 was done by B",
    ],
    ["draining", "job 4 was done by B", "reconnecting"],
    ["closed"],
  ]);
  expect(said.client[3]?.slice(0, 2)).toEqual(["reconnecting", "connected"]);
  expect(said.client[6]?.[0]).toBe("draining");
  expect(said.serverA).toEqual([
    ["listening"],
    ["demo ID connected over unix", "jobs/run started", "jobs/run ended after N ms"],
    [
      "visitor ID connected over unix",
      "visitor ID disconnected: visitor closed the session: The client was disposed",
    ],
    ["jobs/count started", "demo ID has lost its link", "demo ID is back", "jobs/count ended after N ms"],
    ["jobs/run started"],
    [],
    [],
    [],
  ]);
  expect(said.serverB.slice(5)).toEqual([
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

  const [, shown = ""] = /```text\n(.*?)```/s.exec(readFileSync(`${folder}/README.md`, "utf8")) ?? [];
  const { client, ...servers } = linesOf(shown);
  expect(client.map((lines) => lines.toSorted())).toEqual(said.client.map((lines) => lines.toSorted()));
  expect(servers).toEqual({ serverA: said.serverA, serverB: said.serverB });
});
