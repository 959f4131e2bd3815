/**
 * A server of the suite's handlers in a process of its own, for as long as something runs.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** @typedef {{ websocket: string, http: string }} Settings addresses */

/**
 * @template Result
 * @param {import("./runtime.mjs").Workshop} workshop
 * @param {readonly string[]} origins of pages that may come
 * @param {(settings: Settings) => Promise<Result>} body
 * @returns {Promise<Result>} what `body` gives, once the server has ended by itself
 * @throws {Error} if it does not begin, or does not end well
 */
export async function withFarServer({ project, programOf }, origins, body) {
  const child = spawn(process.execPath, [programOf("far-server"), ...origins], {
    cwd: project,
    stdio: ["pipe", "pipe", "inherit"],
  });
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const told = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
    const line = await Promise.race([told, ended]);
    if (typeof line !== "string") throw new Error("The server has ended before it told its addresses");
    const result = await body(JSON.parse(line));
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    const status = await ended;
    clearTimeout(timer);
    if (status !== 0) throw new Error("The server does not end by itself");
    return result;
  } finally {
    child.kill("SIGKILL");
  }
}
