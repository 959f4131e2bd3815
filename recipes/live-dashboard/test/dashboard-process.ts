/** The dashboard's server as a process of its own, and what it prints. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

export class DashboardProcess {
  readonly printed: string[] = [];
  /** Where the page is, once it is printed; rejects if the process ends before. */
  readonly listening: Promise<string>;
  readonly #directory = mkdtempSync(join(tmpdir(), "dashboard-page-"));
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /** @param speed how much busier the service is, and how much shorter the grace of a session; @param port of the page */
  constructor(speed: number, port = 0) {
    const [program, ...args] = scripts.server.split(" ");
    const child = spawn(program, [...args, this.#directory, String(port)], {
      cwd: folder,
      env: { ...process.env, SLUICE_DEMO_SPEED: String(speed) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    this.#exited = once(child, "exit");
    const lines = createInterface(child.stdout);
    lines.on("line", (line) => this.printed.push(line));
    this.listening = new Promise((resolve, reject) => {
      const start = "Dashboard page at ";
      lines.on("line", (line) => line.startsWith(start) && resolve(line.slice(start.length)));
      lines.on("close", () => reject(new Error("The dashboard's server has ended")));
    });
  }

  /** How often `line` was printed. */
  count(line: string): number {
    return this.printed.filter((printed) => printed === line).length;
  }

  /** @param signal `SIGKILL`: without a goodbye */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#child.kill(signal);
    await this.#exited;
    rmSync(this.#directory, { recursive: true });
  }
}
