/** Trees of files in a temporary folder, for the project's scripts to look at. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The repository that these tests belong to. */
export const repository: string = join(dirname(fileURLToPath(import.meta.url)), "../..");

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
