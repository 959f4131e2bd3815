/** A folder for one test, removed after it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** The path of a new folder. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sock-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
