/**
 * Runs a script in a process of its own, with a small heap if wanted, and speaks with it by messages.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../clock.ts";

export interface InChildOptions {
  /** Heap of the child, MiB. Default: Node's. */
  readonly heapMiB?: number;
  /** More arguments for Node, such as a loader. Default: those of this process. */
  readonly execArgv?: readonly string[];
  /** Arguments of the script. */
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long anything awaited of the child may take, ms. Default 30,000. */
  readonly deadlineMs?: number;
}

/** How a child ended, and everything that it printed. */
export interface ChildEnd {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A script that runs. */
export class Child {
  /** Resolves when the process is gone. */
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;
  readonly #deadlineMs: number;
  readonly #messages: unknown[] = [];
  readonly #awaited: ((message: unknown) => void)[] = [];
  #isOver = false;

  constructor(child: ChildProcess, deadlineMs: number) {
    this.#process = child;
    this.#deadlineMs = deadlineMs;
    const printed = { stdout: "", stderr: "" };
    const silent = (["stdout", "stderr"] as const).map((name) => {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        printed[name] += text;
      });
      return new Promise((resolve) => child[name]?.once("close", resolve));
    });
    child.on("message", (message) => {
      const waiting = this.#awaited.shift();
      if (waiting === undefined) this.#messages.push(message);
      else waiting(message);
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", async (code, signal) => {
        this.#isOver = true;
        // Not 'close': it never comes once this side has let go of the channel of messages.
        await Promise.all(silent);
        resolve({ code, signal, ...printed });
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The next thing that the script sent by `process.send`. Rejects if it ends first, or after the deadline. */
  message(): Promise<unknown> {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    const came = new Promise<unknown>((resolve) => this.#awaited.push(resolve));
    const over = this.ended.then(({ code, signal, stderr }) => {
      throw new Error(`The child ended (${signal ?? code}) before it sent anything: ${stderr.slice(-2_000)}`);
    });
    return this.#within(Promise.race([came, over]), "a message");
  }

  /** Sends something to the script. */
  send(message: string | number | object): void {
    if (this.#process.connected) this.#process.send(message as object);
  }

  /** Sends something and awaits the answer. */
  ask(message: string | number | object): Promise<unknown> {
    this.send(message);
    return this.message();
  }

  /** Lets go of the channel of messages, so that the child may end by itself. */
  disconnect(): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  /** Ends the child at once, if it runs, and awaits that. */
  async kill(): Promise<ChildEnd> {
    if (!this.#isOver) this.#process.kill("SIGKILL");
    return this.ended;
  }

  /** Awaits that the child ends by itself; kills it after the deadline, and rejects then. */
  async end(): Promise<ChildEnd> {
    try {
      return await this.#within(this.ended, "the end of the child");
    } catch (reason) {
      await this.kill();
      throw reason;
    }
  }

  #within<Value>(promise: Promise<Value>, what: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const timer = systemClock.setTimer(this.#deadlineMs, () => {
        reject(new Error(`Waited ${this.#deadlineMs} ms for ${what}`));
      });
      promise.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** Starts `script`. Whoever starts a child ends it: by {@link Child.end} or {@link Child.kill}. */
export function inChild(script: URL | string, options: InChildOptions = {}): Child {
  const { heapMiB, execArgv = process.execArgv, args = [], env = {}, deadlineMs = 30_000 } = options;
  const heap = heapMiB === undefined ? [] : [`--max-old-space-size=${heapMiB}`];
  const child = fork(typeof script === "string" ? script : fileURLToPath(script), args, {
    execArgv: [...execArgv, ...heap],
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  return new Child(child, deadlineMs);
}
