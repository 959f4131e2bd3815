/** The server as a child process: what it says is printed, and can be waited for. */
import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("server.ts", import.meta.url));

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #ended = new AbortController();
  readonly #news = new EventEmitter();
  /** What it has said since the last line that was waited for. */
  #lines: string[] = [];

  private constructor(address: string) {
    this.#child = fork(program, [address], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    this.#exit = once(this.#child, "close").then(() => this.#ended.abort()); // by then its last line is here
    createInterface(this.#child.stdout as NodeJS.ReadableStream).on("line", (line) => {
      console.log(line);
      this.#lines.push(line);
      this.#news.emit("line");
    });
  }

  /** Resolves when the server listens at `address`. */
  static async start(address: string): Promise<ServerProcess> {
    const server = new ServerProcess(address);
    await server.says("listening");
    return server;
  }

  /** Resolves at its next line that contains `text`, after the one that was waited for before. Rejects if it ends without. */
  async says(text: string): Promise<void> {
    for (;;) {
      const at = this.#lines.findIndex((line) => line.includes(text));
      if (at >= 0) {
        this.#lines.splice(0, at + 1);
        return;
      }
      await once(this.#news, "line", { signal: this.#ended.signal });
    }
  }

  /** Ends the work of the jobs that run. */
  finishWork(): void {
    this.#child.send("done");
  }

  /** Sends a signal: `SIGKILL` is a crash, `SIGTERM` a polite end. */
  kill(signal: "SIGKILL" | "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Resolves when the process is gone, and everything that it has said is printed. */
  async exited(): Promise<void> {
    await this.#exit;
  }
}
