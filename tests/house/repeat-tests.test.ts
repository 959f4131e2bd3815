/** `scripts/repeat-tests.mjs`: the test command again and again in a clean clone, a row of the log for each run. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { plant, plantTree } from "./planted-tree.ts";
import { runScript } from "./run-script.ts";

/** A repository whose test command passes, and fails the second time. */
function plantRepository(): { root: string; commit: string } {
  const manifest = { name: "planted", version: "0.0.0", private: true };
  const root = plantTree({
    "package.json": { ...manifest, scripts: { test: "node run.mjs" } },
    "package-lock.json": { ...manifest, lockfileVersion: 3, packages: { "": manifest } },
    "docs/README.md": "",
    "run.mjs": `
      import { existsSync, readFileSync, writeFileSync } from "node:fs";
      const run = existsSync("runs") ? Number(readFileSync("runs", "utf8")) + 1 : 1;
      writeFileSync("runs", String(run));
      console.log("ok lint 0.1 s (3 passed), uncommitted: " + existsSync("uncommitted"));
      if (run === 2) console.log("failed in unit: a.test.ts > <b>: 1 | 2\\nfailed in docs: guide.md:3 printed");
      console.log(run === 2 ? "2 passed, 2 failed" : "4 passed, 0 failed");
      process.exitCode = run === 2 ? 1 : run === 4 ? 7 : 0;
    `,
  });
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=planted", "-c", "user.email=p@example.org", ...args], {
      cwd: root,
      encoding: "utf8",
    }).trim();
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "all");
  plant(root, { uncommitted: "" });
  return { root, commit: git("rev-parse", "--short", "HEAD") };
}

test("repeat-tests runs the test command in a clone of HEAD as often as it is told to, and notes every run", async () => {
  const { root, commit } = plantRepository();
  const { status, stdout, stderr } = await runScript("repeat-tests", root, ["4"]);
  const kept = [...stdout.matchAll(/its output: (.*)/g)].map(([, path = ""]) => path);
  onTestFinished(() => rmSync(dirname(kept[0] as string), { recursive: true, force: true }));
  expect(stderr).toBe("");
  expect(stdout.replaceAll(/\d+ s\n/g, "0 s\n")).toBe(`run 1 of 4: 4 passed, 0 failed, 0 s
run 2 of 4: 2 passed, 2 failed, 0 s
  a.test.ts > <b>: 1 | 2
  docs: guide.md:3 printed
  its output: ${kept[0]}
run 3 of 4: 4 passed, 0 failed, 0 s
run 4 of 4: 4 passed, 1 failed, 0 s
  status 7, which its counts do not explain
  its output: ${kept[1]}
`);
  expect(status).toBe(1);
  // Of runs that failed the output is kept, and nothing else.
  expect(readFileSync(kept[0] as string, "utf8")).toContain("uncommitted: false");
  expect([kept.length, existsSync(join(dirname(kept[0] as string), "clone"))]).toEqual([2, false]);

  const log = readFileSync(join(root, "docs/test-runs.md"), "utf8");
  expect(log).toMatch(new RegExp(`^# Test runs\n[^]*Node ${process.versions.node}, ${process.platform}`));
  const rows = log.split("\n").filter((line) => /^\| \d/.test(line));
  const cells = rows.map((row) => row.split(/ (?<!\\)\| /));
  expect(cells.map((row) => row.slice(1).toSpliced(4, 1))).toEqual([
    [commit, process.versions.node, "4", "0", " |"],
    [commit, process.versions.node, "2", "2", "a.test.ts > &lt;b>: 1 \\| 2<br>docs: guide.md:3 printed |"],
    [commit, process.versions.node, "4", "0", " |"],
    [commit, process.versions.node, "4", "1", "status 7, which its counts do not explain |"],
  ]);
  for (const [time = "", , , , , seconds = ""] of cells) {
    expect(time).toMatch(/^\| \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(seconds).toMatch(/^\d+$/);
  }
});

test("repeat-tests adds to a log that is there, and leaves nothing when all runs pass", async () => {
  const { root } = plantRepository();
  plant(root, { "log.md": "what was there\n" });
  const { status, stdout } = await runScript("repeat-tests", root, ["1", "--log", "log.md"]);
  expect(stdout).toMatch(/^run 1 of 1: 4 passed, 0 failed, \d+ s\n$/);
  expect(readFileSync(join(root, "log.md"), "utf8")).toMatch(/^what was there\n\| \d.* \|\n$/);
  expect([status, existsSync(join(root, "docs/test-runs.md"))]).toEqual([0, false]);
});

test.each([[[]], [["none"]], [["0"]], [["--log", "3"]]])(
  "repeat-tests asks how often, told %j",
  async (args) => {
    const { status, stderr } = await runScript("repeat-tests", plantTree({}), args);
    expect([status, stderr]).toEqual([1, "How many times? npm run test:repeat -- 20\n"]);
  },
);
