/** Where Chromium is, for tests that drive a real tab. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Names of programs that are Chromium. */
const names = ["chromium", "chromium-browser", "google-chrome"];

/** The path of Chromium; without it tests say that they were skipped. @param purpose for that message @throws {Error} in CI */
export function findChromium(purpose: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  const help = `chromium is missing, needed ${purpose}: apt-get install chromium`;
  if (process.env.CI) throw new Error(help);
  console.log(help);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
