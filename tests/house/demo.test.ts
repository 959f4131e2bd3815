/** `scripts/demo.mjs`: builds quietly what the recipe stands on, runs it in this terminal, passes its exit code on. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { linkNodeModules, plantTree, repository } from "./planted-tree.ts";
import { runScript } from "./run-script.ts";

/** A repository whose recipe runs `main` and depends on one package, which is built by `build`. */
function plantRepository(main: string, build: string, start = "node main.mjs"): string {
  const root = plantTree({
    "package.json": {
      name: "planted",
      private: true,
      packageManager: "npm@11.19.1",
      workspaces: ["packages/*", "recipes/*"],
    },
    "turbo.json": readFileSync(join(repository, "turbo.json"), "utf8"),
    "tsconfig.base.json": "{}",
    "tsup.base.ts": "",
    "packages/one/package.json": { name: "@sluice/one", version: "1.0.0", scripts: { build } },
    "recipes/live-dashboard/package.json": {
      name: "live-dashboard",
      version: "1.0.0",
      dependencies: { "@sluice/one": "1.0.0" },
      scripts: { start, build: "exit 9" },
    },
    "recipes/live-dashboard/main.mjs": main,
  });
  linkNodeModules(root);
  return root;
}

test("demo builds the recipe's packages without a word, runs the recipe, and passes its exit code on", async () => {
  const root = plantRepository(
    'import { existsSync } from "node:fs";\nconsole.log(existsSync("../../packages/one/built"));\nprocess.exitCode = 7;\n',
    "echo noise && touch built",
  );
  const { status, stdout, stderr } = await runScript("demo", root);
  expect(stderr).toBe("");
  expect(stdout).toBe("true\n");
  expect(status).toBe(7);
});

test("demo shows a build that fails, and does not run the recipe", async () => {
  const root = plantRepository('console.log("ran");\n', "echo broken && exit 3");
  const { status, stdout, stderr } = await runScript("demo", root);
  expect(stderr).toContain("broken");
  expect(stdout).not.toContain("ran");
  expect(status).not.toBe(0);
});

test("demo builds nothing for a recipe that runs on sources", async () => {
  const start = "node --conditions @sluice/source main.mjs";
  const root = plantRepository('console.log("ran");\n', "echo broken && exit 3", start);
  expect(await runScript("demo", root)).toEqual({ status: 0, stdout: "ran\n", stderr: "" });
});

test("demo lets the recipe end by itself at Ctrl-C, with its own exit code", async () => {
  const root = plantRepository(
    'process.on("SIGINT", () => { console.log("totals"); process.exit(5); });\nsetInterval(() => {}, 1000);\nconsole.log("running");\n',
    "true",
  );
  const script = join(repository, "scripts/demo.mjs");
  // A process group of its own, which gets the signal as a terminal sends it: to every process in it.
  const demo = spawn(process.execPath, [script, "--root", root], { cwd: root, detached: true });
  let printed = "";
  const ended = new Promise<number | null>((resolve) => demo.on("close", resolve));
  demo.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (text.includes("running") && demo.pid !== undefined) process.kill(-demo.pid, "SIGINT");
  });
  expect(await ended).toBe(5);
  expect(printed).toBe("running\ntotals\n");
});
