/**
 * Runs one program to its end, with a limit, and keeps what it prints.
 */
import { execFile } from "node:child_process";

/** @typedef {{ isOk: boolean, stdout: string, output: string }} Ended `output`: stdout, then stderr */

/** A program that takes longer is killed, and has failed. */
const longestMs = 120_000;

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {Record<string, string>} [env] replaces single variables
 * @returns {Promise<Ended>} never rejects
 */
export function runProgram(file, args, cwd, env = {}) {
  return new Promise((resolve) => {
    const options = {
      cwd,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...env },
      maxBuffer: 2 ** 26,
      timeout: longestMs,
    };
    execFile(file, args, options, (error, stdout, stderr) => {
      const why = error === null || stderr !== "" ? "" : error.message;
      resolve({ isOk: error === null, stdout, output: `${stdout}${stderr}${why}` });
    });
  });
}

/** @param {readonly string[]} args @param {string} cwd @param {Record<string, string>} [env] @returns {Promise<Ended>} of npm */
export function runNpm(args, cwd, env) {
  const path = process.env.npm_execpath;
  return path?.endsWith("js")
    ? runProgram(process.execPath, [path, ...args], cwd, env)
    : runProgram("npm", args, cwd, env);
}
