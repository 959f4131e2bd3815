/** Trees of files in a temporary folder, and the project's scripts run on them as anyone runs them. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The repository that these tests belong to. */
export const repository: string = join(dirname(fileURLToPath(import.meta.url)), "../..");

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Writes files into a new folder, which is removed when the test ends.
 *
 * @param files contents by path; an object is written as JSON
 * @returns the folder
 */
export function plantTree(files: Record<string, string | object>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-house-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  plant(folder, files);
  return folder;
}

/** Writes files into a folder that exists. */
export function plant(folder: string, files: Record<string, string | object>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** Lets a planted tree find the repository's npm packages. */
export function linkNodeModules(folder: string): void {
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
}

/** Runs a program of Node to its end. `env` replaces single variables; `undefined` removes one. */
export function runNode(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string | undefined> } = {},
): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...options.env };
  for (const name of Object.keys(env).filter((name) => /^(VITEST|TEST$|NODE_ENV$)/.test(name)))
    delete env[name];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** Runs one of the project's scripts, such as `codemap`, on a tree. */
export function runScript(
  name: string,
  root: string,
  args: readonly string[] = [],
  env: Record<string, string | undefined> = {},
): Promise<Ended> {
  return runNode([join(repository, "scripts", `${name}.mjs`), "--root", root, ...args], { cwd: root, env });
}
