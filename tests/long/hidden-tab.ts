/** A tab of a real Chromium that is hidden behind another one, with its timers slowed down to one a minute, driven over the DevTools protocol. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

interface Answer {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

export class HiddenTab {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;
  #session = "";

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#child = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const answer = JSON.parse(data.toString("utf8")) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  /**
   * Opens `url`, and another tab before it. Chromium slows the timers of a hidden page down to one wake a minute after five minutes; here
   * after one second. A driver for tests would have switched all of that off.
   */
  static async open(executable: string, url: string): Promise<HiddenTab> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-tab-"));
    const args = [
      "--headless=new",
      "--no-sandbox", // root has none
      "--no-first-run",
      "--disable-gpu",
      "--remote-debugging-port=0",
      `--user-data-dir=${folder}`,
      "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1",
      "about:blank",
    ];
    const child = spawn(executable, args, { stdio: ["ignore", "ignore", "pipe"] });
    const socket = new WebSocket(await endpointOf(child));
    await once(socket, "open");
    const tab = new HiddenTab(child, folder, socket);
    const { targetId } = await tab.#send("Target.createTarget", { url });
    const { sessionId } = await tab.#send("Target.attachToTarget", { targetId, flatten: true });
    tab.#session = sessionId as string;
    const other = await tab.#send("Target.createTarget", { url: "about:blank" });
    await tab.#send("Target.activateTarget", { targetId: other.targetId });
    return tab;
  }

  /** What `expression` is worth in the page, as JSON has it. */
  async read(expression: string): Promise<unknown> {
    const { result } = await this.#send(
      "Runtime.evaluate",
      { expression, returnByValue: true },
      this.#session,
    );
    return (result as { readonly value?: unknown }).value;
  }

  async close(): Promise<void> {
    this.#socket.terminate();
    const exited = once(this.#child, "exit");
    this.#child.kill();
    await exited;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #send(
    method: string,
    params: object,
    sessionId?: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    const { result, error } = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(
        JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
      );
    });
    this.#waiting.delete(id);
    if (error !== undefined || result === undefined) throw new Error(`${method}: ${error?.message}`);
    return result;
  }
}

/** Where the browser can be driven, which it says by itself. */
async function endpointOf({ stderr }: ChildProcess): Promise<string> {
  for await (const line of createInterface(stderr as NodeJS.ReadableStream)) {
    const endpoint = /^DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (endpoint !== undefined) return endpoint;
  }
  throw new Error("Chromium ended before it could be driven");
}
