/**
 * Keeps one service running: starts it, starts it anew on request, and again when it dies by itself.
 *
 * One loop starts every process, after the one before is gone: there are never two.
 */
import { EventEmitter, once } from "node:events";
import { pause } from "./pause.ts";
import { type Command, ServiceProcess } from "./service-process.ts";

export interface SupervisorOptions {
  /** What messages call the service. */
  readonly name: string;
  /** The program: it sends an IPC message when it is ready, and exits when the IPC channel closes. */
  readonly command: Command;
  /** Milliseconds that it may take until it is ready; then it is ended and counts as dead. Default 10,000. */
  readonly readyTimeoutMs?: number;
  /** Milliseconds that it may take to end after SIGTERM; then SIGKILL. Default 5,000. */
  readonly stopTimeoutMs?: number;
  /** Milliseconds before a dead service is started again: doubles with every death in a row. Default 100 up to 10,000. */
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number };
  /** Told of every death that nobody asked for. */
  readonly onDeath?: (death: Death) => void;
  /** Waits before a dead service is started again; for tests. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Death {
  readonly pid: number | undefined;
  /** `SIGKILL`, `exit code 1`, or why it could not be started. */
  readonly how: string;
  /** Milliseconds until it is started again. */
  readonly delayMs: number;
}

export interface Restart {
  /** The process that was there before; it is gone. `undefined` if it could not be started. */
  readonly oldPid: number | undefined;
  /** The process that is ready now. */
  readonly newPid: number;
}

const defaults = {
  readyTimeoutMs: 10_000,
  stopTimeoutMs: 5_000,
  backoff: { initialMs: 100, maxMs: 10_000 },
  wait: pause,
};

export class Supervisor {
  readonly #options: SupervisorOptions & Required<Omit<SupervisorOptions, "onDeath">>;
  /** `ready` with the pid, or `error`: how the start of a process went. */
  readonly #starts = new EventEmitter<{ ready: [pid: number]; error: [unknown] }>();
  #run: ServiceProcess | undefined;
  /** Aborted when somebody asks for the current process to end, or not to wait for the next. */
  #asked = new AbortController();
  #isStopped = false;
  #restarting: Promise<Restart> | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = { ...defaults, ...options };
    this.#starts.on("error", () => {}); // also when nobody waits for the process
  }

  /** The current process, or the last one while the next is waited for. */
  get pid(): number | undefined {
    return this.#run?.pid;
  }

  /** Once: resolves with the pid when the service is ready. If it never is, rejects, and nothing is left running. */
  async start(): Promise<number> {
    this.#loop ??= this.#supervise();
    try {
      const [pid] = await once(this.#starts, "ready");
      return pid;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Ends the process and resolves when the next one is ready. Calls that overlap share one restart.
   * Rejects if the next one does not get ready; it is tried again all the same.
   */
  restart(): Promise<Restart> {
    this.#restarting ??= this.#replace().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Ends the process for good; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#asked.abort();
    await this.#run?.terminate(this.#options.stopTimeoutMs);
    await this.#loop;
  }

  async #replace(): Promise<Restart> {
    const old = this.#run;
    if (old === undefined || this.#isStopped)
      throw new Error(`Cannot restart ${this.#options.name}: it is stopped`);
    this.#asked.abort();
    const [[newPid]] = await Promise.all([
      once(this.#starts, "ready"),
      old.terminate(this.#options.stopTimeoutMs),
    ]);
    return { oldPid: old.pid, newPid };
  }

  async #supervise(): Promise<void> {
    const { command, readyTimeoutMs, stopTimeoutMs, backoff, wait, onDeath } = this.#options;
    let deaths = 0; // in a row
    while (!this.#isStopped) {
      const run = new ServiceProcess(command);
      this.#run = run;
      this.#asked = new AbortController();
      const asked = this.#asked.signal;
      const startedMs = performance.now();
      try {
        this.#starts.emit("ready", await run.ready(readyTimeoutMs));
      } catch (error) {
        await run.terminate(stopTimeoutMs);
        if (!asked.aborted) this.#starts.emit("error", error);
      }
      const how = await run.exited;
      if (asked.aborted || performance.now() - startedMs > backoff.maxMs) deaths = 0;
      if (asked.aborted) continue;
      const delayMs = Math.min(backoff.maxMs, backoff.initialMs * 2 ** deaths++);
      onDeath?.({ pid: run.pid, how, delayMs });
      await wait(delayMs, asked);
    }
    this.#starts.emit("error", new Error(`${this.#options.name} is stopped`));
  }
}
