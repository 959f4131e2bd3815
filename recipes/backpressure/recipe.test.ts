/** The slow reader as its README runs it, and step by step: the producer is never more than a window ahead. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { type Reading, readSlowly } from "./client.ts";
import { makeServer } from "./server.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));

let program: ChildProcess | undefined;

afterEach(() => {
  program?.kill("SIGKILL");
});

/** Four items fit the window, and the producer holds a fifth, which it has made and cannot send. */
const mostAhead = 5;

const looksOf = (printed: readonly string[], transport: string): [number, number][] =>
  printed.flatMap((line) => {
    const [, produced, consumed] =
      line.match(new RegExp(`^${transport}: produced (\\d+) consumed (\\d+)`)) ?? [];
    return produced === undefined ? [] : [[Number(produced), Number(consumed)] as [number, number]];
  });

test("prints what its README shows, taking an item for each line that it gets", async () => {
  const [node, ...args] = scripts.start.split(" ");
  const child = spawn(node, [...args, "--enter"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  program = child;
  const exit = once(child, "exit");
  const printed: string[] = [];
  child.stdin.write("\n");
  for await (const line of createInterface(child.stdout)) {
    printed.push(line);
    if (printed.length < 21) child.stdin.write("\n");
  }
  expect(await exit).toEqual([0, null]);

  expect(printed).toHaveLength(21);
  for (const transport of ["memory", "unix", "tcp"]) {
    const looks = looksOf(printed, transport);
    expect(looks.map(([, consumed]) => consumed)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const [produced, consumed] of looks) expect(produced - consumed).toBeLessThanOrEqual(mostAhead);
    const last = printed.filter((line) => line.startsWith(`${transport}:`)).at(-1);
    expect(last).toMatch(/ rss \+\d+\.\d MB \{ credit: 0, buffered: \d+, received: \d+, sent: 0 \}$/);
    expect(Number(/rss \+([\d.]+)/.exec(last ?? "")?.[1])).toBeLessThan(100);
  }
});

/** Looks until nothing was produced between two looks: then the producer waits. */
async function untilItWaits(look: () => Promise<Reading>): Promise<Reading> {
  let before = await look();
  for (;;) {
    const now = await look();
    if (now.produced === before.produced && now.stats.received === before.stats.received) return now;
    before = now;
  }
}

test.each([
  ["memory", "memory:recipe-test"],
  ["unix", `unix:${join(tmpdir(), `backpressure-test-${process.pid}.sock`)}`],
  ["tcp", "tcp://127.0.0.1:0"],
])("over %s the producer waits for the reader, however long that reads", async (_name, where) => {
  const server = makeServer();
  try {
    const [address = ""] = await server.listen(where);
    const looks: Reading[] = [];
    await readSlowly(address, 40, async (look) => looks.push(await untilItWaits(look)));
    expect(looks.map(({ consumed }) => consumed)).toEqual(Array.from({ length: 41 }, (_, at) => at));
    const ahead = looks.map(({ produced, consumed }) => produced - consumed);
    expect(Math.max(...ahead)).toBe(mostAhead); // it fills the window …
    expect(Math.min(...ahead)).toBeGreaterThanOrEqual(3); // … again and again, half by half
    for (const { stats } of looks) expect(stats.buffered).toBeLessThanOrEqual(64 * 1024);
  } finally {
    await server.dispose();
  }
});
