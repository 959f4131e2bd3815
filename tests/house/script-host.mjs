/**
 * A process that runs scripts one after the other, so that what they all load, the TypeScript compiler above all, is loaded once.
 *
 * For scripts that are done when their module is: none that ends the process itself or leaves work behind. It takes what is to be
 * run as messages `{ path, args, cwd }`, answers each with `{ status, stdout, stderr }`, and ends with whoever started it.
 */
import { pathToFileURL } from "node:url";

/** @type {(value: unknown) => void} */
const answer = (value) => void process.send?.(value);
let runs = 0;

process.on("disconnect", () => process.exit());
process.on(
  "message",
  async (/** @type {{ path: string, args: string[], cwd: string }} */ { path, args, cwd }) => {
    const said = { stdout: "", stderr: "" };
    const streams = { stdout: process.stdout.write, stderr: process.stderr.write };
    for (const name of /** @type {const} */ (["stdout", "stderr"])) {
      process[name].write = (/** @type {string | Uint8Array} */ chunk) => {
        said[name] += chunk;
        return true;
      };
    }
    process.argv = [process.execPath, path, ...args];
    process.exitCode = undefined;
    process.chdir(cwd);
    try {
      // A module of its own for each run: its first lines read the arguments.
      await import(`${pathToFileURL(path).href}?run=${++runs}`);
    } catch (error) {
      said.stderr += error instanceof Error ? error.stack : String(error);
      process.exitCode = 1;
    }
    for (const name of /** @type {const} */ (["stdout", "stderr"])) process[name].write = streams[name];
    const status = Number(process.exitCode ?? 0);
    process.exitCode = undefined;
    answer({ status, ...said });
  },
);
