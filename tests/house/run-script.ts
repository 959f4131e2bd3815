/** The project's scripts run on a tree, as anyone runs them or in a process that many runs share. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { repository } from "./planted-tree.ts";

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without what Vitest sets, which would change what a program does. */
function plainEnvironment(changes: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...changes };
  for (const name of Object.keys(env).filter((name) => /^(VITEST|TEST$|NODE_ENV$)/.test(name)))
    delete env[name];
  return env;
}

/** Runs a program of Node to its end. `env` replaces single variables; `undefined` removes one. */
export function runNode(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string | undefined> } = {},
): Promise<Ended> {
  const env = plainEnvironment(options.env);
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

const scriptPath = (name: string): string => join(repository, "scripts", `${name}.mjs`);

/** Runs one of the project's scripts, such as `codemap`, on a tree, in a process of its own. */
export function runScript(
  name: string,
  root: string,
  args: readonly string[] = [],
  env: Record<string, string | undefined> = {},
): Promise<Ended> {
  return runNode([scriptPath(name), "--root", root, ...args], { cwd: root, env });
}

let host: ChildProcess | undefined;
let hosted: Promise<unknown> = Promise.resolve();

/**
 * As {@link runScript}, in a process that all runs of a test process share: a second faster each where the script loads the compiler.
 *
 * For scripts that script-host.mjs can run. At least one test of a script runs the true command.
 */
export function runHosted(name: string, root: string, args: readonly string[] = []): Promise<Ended> {
  host ??= fork(join(repository, "tests/house/script-host.mjs"), {
    env: plainEnvironment(),
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const process = host;
  const ended = hosted.then(async () => {
    process.send({ path: scriptPath(name), args: ["--root", root, ...args], cwd: root });
    const answered = new AbortController();
    const { signal } = answered;
    const exit = once(process, "exit", { signal }).then(([status]) => {
      throw new Error(`The host ended with ${status}`);
    });
    const [answer] = await Promise.race([once(process, "message", { signal }), exit]);
    exit.catch(() => {}); // it is not waited for any more
    answered.abort();
    return answer as Ended;
  });
  hosted = ended.catch(() => {});
  return ended;
}
