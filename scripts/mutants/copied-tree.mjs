/**
 * A copy of the repository in a temporary folder, whose workspace packages are its own: what is changed there is tested there.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** What tests read. */
const parts = [
  "packages",
  "tests",
  "recipes",
  "docs",
  "scripts",
  "package.json",
  "tsconfig.json",
  "tsconfig.base.json",
  "vitest.config.ts",
];
const leftOut = new Set(["node_modules", "dist", ".turbo"]);

/**
 * @param {string} root
 * @returns {{ readonly folder: string, remove(): void }}
 */
export function copyTree(root) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-mutants-"));
  for (const part of parts) {
    cpSync(join(root, part), join(folder, part), {
      recursive: true,
      filter: (path) => !leftOut.has(basename(path)),
    });
  }
  linkModules(join(root, "node_modules"), join(folder, "node_modules"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Links every installed package, but the workspaces', which are those of the copy.
 *
 * @param {string} from
 * @param {string} to
 */
function linkModules(from, to) {
  mkdirSync(join(to, "@sluice"), { recursive: true });
  for (const name of readdirSync(from)) {
    const isOwn = name === "@sluice" || (name.startsWith(".") && name !== ".bin");
    if (!isOwn) symlinkSync(join(from, name), join(to, name));
  }
  for (const name of readdirSync(join(to, "../packages"))) {
    symlinkSync(join("../../packages", name), join(to, "@sluice", name));
  }
}
