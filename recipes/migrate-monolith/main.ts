/** Runs all steps, each as a program of its own, and compares what they print with what the class itself did. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = fileURLToPath(new URL("steps/", import.meta.url));
const steps = readdirSync(folder).sort();
const [first = "", ...others] = steps;

async function transcriptOf(step: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, folder + step]);
  return stdout;
}

const direct = await transcriptOf(first);
console.log(`${first}\n${direct.replace(/^/gm, "  ").trimEnd()}`);
for (const step of others) {
  const transcript = await transcriptOf(step);
  const isSame = transcript === direct;
  console.log(isSame ? `${step}: the same` : `${step}: another\n${transcript}`);
  if (!isSame) process.exitCode = 1;
}
