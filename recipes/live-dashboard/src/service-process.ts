/**
 * One run of a program that says when it is ready, as a child process that does not outlive this one.
 *
 * The program sends any IPC message when it is ready, and exits when the IPC channel closes; that happens however the
 * parent ends, also by SIGKILL.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { pause } from "./pause.ts";

/** The program, then its arguments. */
export type Command = readonly [program: string, ...args: string[]];

export class ServiceProcess {
  /** How it ended: `exit code 1`, `SIGKILL`, or why it could not be started. Never rejects. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;

  constructor([program, ...args]: Command) {
    // In a process group of its own: a Ctrl-C is for this process alone, which then ends that one in order.
    const child = spawn(program, args, { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    // For a program that ignores the closed channel: gone at the latest when this process exits by itself.
    const killAtExit = () => child.kill("SIGKILL");
    process.once("exit", killAtExit);
    this.exited = new Promise<string>((resolve) => {
      child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
      child.on("error", (error) => {
        if (child.pid === undefined) resolve(error.message); // else it runs, and its exit is still to come
      });
    }).finally(() => process.off("exit", killAtExit));
    this.#child = child;
  }

  /** `undefined` if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with the pid when the program says that it is ready; rejects if it ends first, or after `timeoutMs`. */
  async ready(timeoutMs: number): Promise<number> {
    const late = new AbortController();
    const answer = await Promise.race([
      new Promise<void>((resolve) => this.#child.once("message", () => resolve())),
      this.exited.then((how) => new Error(`ended before it was ready: ${how}`)),
      pause(timeoutMs, late.signal).then(() => new Error(`not ready after ${timeoutMs} ms`)),
    ]);
    late.abort();
    if (answer instanceof Error) throw answer;
    return this.#child.pid as number; // a program that could not be started has ended
  }

  /** Ends it: SIGTERM, and SIGKILL if it is still there after `timeoutMs`. Resolves when it is gone. */
  async terminate(timeoutMs: number): Promise<void> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), timeoutMs);
    await this.exited;
    clearTimeout(timer);
  }
}
