/**
 * Which end-to-end files may run beside other stages, and which have the machine to themselves because they measure time.
 *
 * Bytes and memory are counted in processes of a file's own, which nothing beside them changes; time is everybody's. Of those that
 * measure, two run at once, one for each core: their bounds hold with two endless loops beside them.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Files that no other stage runs beside, and why. @type {Readonly<Record<string, string>>} */
export const measuringFiles = {
  "tests/hostile/credit.test.ts": "bounds the CPU time that an attack costs",
  "tests/hostile/ports.test.ts": "bounds how late a port under attack answers",
  "tests/hostile/user-code.test.ts": "bounds how long a client takes to be disposed of",
  "tests/link-faults.test.ts": "tells slow links from dead ones by heartbeats of some ten milliseconds",
  "tests/process-faults.test.ts": "bounds how soon a process is well again",
  "tests/resume-latency.test.ts": "is about how soon calls go on",
  "tests/rolling-restart.test.ts": "bounds how long after its drain a process ends",
};

const otherProjects = ["tests/house/", "tests/long/"];

/**
 * @param {string} root
 * @returns {{ together: string[], alone: string[] }} paths from the root
 * @throws {Error} if a file that measures is not there
 */
export function e2eFiles(root) {
  const alone = Object.keys(measuringFiles);
  const lost = alone.filter((path) => !existsSync(join(root, path)));
  if (lost.length > 0) throw new Error(`There is no ${lost.join(", ")}`);
  const together = readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" })
    .map((path) => join("tests", path))
    .filter((path) => path.endsWith(".test.ts") && !otherProjects.some((other) => path.startsWith(other)))
    .filter((path) => !alone.includes(path));
  return { together: together.sort(), alone };
}
