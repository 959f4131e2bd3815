/**
 * Runs a page's transcripts: its server on a port of loopback that is free, its commands in a shell, one after the other.
 *
 * The page says at which port its server listens (`http://127.0.0.1:8080`), and its server prints where it does. In commands and in
 * what they print, the page's port stands for the real one.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @typedef {import("../check-run.mjs").Check} Check */
/** @typedef {import("./read-transcripts.mjs").Transcript} Transcript */
/** @typedef {import("./write-modules.mjs").WrittenModule} WrittenModule */

/**
 * @param {readonly Transcript[]} transcripts
 * @param {readonly WrittenModule[]} written
 * @param {number} timeoutMs for a server to listen, and for each command
 * @returns {Promise<Check[]>} one for each transcript
 */
export async function runTranscripts(transcripts, written, timeoutMs) {
  /** @type {Check[]} */
  const checks = [];
  const servers = new Set(transcripts.map(({ page, server }) => JSON.stringify([page, server])));
  for (const key of servers) {
    const own = transcripts.filter(({ page, server }) => JSON.stringify([page, server]) === key);
    const module = written.find(
      (one) => one.module.page === own[0]?.page && one.module.file === own[0]?.server,
    );
    checks.push(...(await runWithServer(own, /** @type {WrittenModule} */ (module).path, timeoutMs)));
  }
  return checks;
}

/**
 * @param {readonly Transcript[]} transcripts of one server
 * @param {string} path its module
 * @param {number} timeoutMs
 * @returns {Promise<Check[]>}
 */
async function runWithServer(transcripts, path, timeoutMs) {
  const name = (/** @type {Transcript} */ { page, line }) => `transcript of ${page}:${line}`;
  const code = readFileSync(path, "utf8");
  const pagePort = /127\.0\.0\.1:(\d+)/.exec(code)?.[1];
  if (pagePort === undefined) {
    const problem = "its server listens at no http://127.0.0.1:8080";
    return transcripts.map((one) => ({ name: name(one), problems: [problem] }));
  }
  writeFileSync(path, code.replaceAll(`127.0.0.1:${pagePort}`, "127.0.0.1:0"));
  const cwd = mkdtempSync(join(tmpdir(), "sluice-docs-"));
  const tsx = import.meta.resolve("tsx");
  const args = ["--conditions", "@sluice/source", "--import", tsx, path];
  const server = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  try {
    const port = await portOf(server, timeoutMs);
    /** @type {Check[]} */
    const checks = [];
    for (const transcript of transcripts) {
      /** @type {string[]} */
      const problems = [];
      for (const step of transcript.steps) {
        const ran = await run(step.command.replaceAll(`:${pagePort}`, `:${port}`), cwd, timeoutMs);
        const printed = ran.replaceAll(`:${port}`, `:${pagePort}`);
        if (isLike(printed, step.expected)) continue;
        problems.push(
          `${transcript.page}:${step.line} printed\n${printed}where the page says\n${step.expected}`,
        );
      }
      checks.push({ name: name(transcript), problems });
    }
    return checks;
  } catch (reason) {
    const problem = reason instanceof Error ? reason.message : String(reason);
    return transcripts.map((one) => ({ name: name(one), problems: [problem] }));
  } finally {
    const ended = new Promise((resolve) => server.once("close", resolve));
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await ended;
    rmSync(cwd, { recursive: true, force: true });
  }
}

/**
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} server
 * @param {number} timeoutMs
 * @returns {Promise<string>} the port that it prints
 */
function portOf(server, timeoutMs) {
  return new Promise((resolve, reject) => {
    let printed = "";
    const fail = (/** @type {string} */ why) => reject(new Error(`its server ${why}\n${printed}`));
    const timer = setTimeout(() => fail(`did not say within ${timeoutMs} ms where it listens`), timeoutMs);
    const read = (/** @type {Buffer} */ chunk) => {
      printed += chunk;
      const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(port);
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with status ${code}`);
    });
  });
}

/**
 * @param {string} command
 * @param {string} cwd
 * @param {number} timeoutMs
 * @returns {Promise<string>} all that it prints, on both of its outputs
 */
function run(command, cwd, timeoutMs) {
  return new Promise((resolve) => {
    const shell = spawn("bash", ["-c", `exec 2>&1\n${command}`], {
      cwd,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    // The shell and whatever it has started.
    const timer = setTimeout(() => process.kill(-(/** @type {number} */ (shell.pid)), "SIGKILL"), timeoutMs);
    let printed = "";
    shell.stdout.setEncoding("utf8").on("data", (text) => {
      printed += text;
    });
    shell.once("close", (_, signal) => {
      clearTimeout(timer);
      resolve(signal === null ? printed : `${printed}\n(it did not end within ${timeoutMs} ms)\n`);
    });
  });
}

/**
 * @param {string} printed
 * @param {string} expected `…` stands for any part of a line
 */
function isLike(printed, expected) {
  const trim = (/** @type {string} */ text) => text.replaceAll(/[ \t\r]+$/gm, "").trimEnd();
  const escaped = trim(expected).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("…", "[^\\n]*")}$`).test(trim(printed));
}
