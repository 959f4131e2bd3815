/**
 * What a page says that a shell prints: the `console` blocks that name the page's own server.
 *
 *     console server=server.ts   `$ ` begins a command, a backslash at the end of its line goes on; what follows is what it prints.
 *                                `…` stands for any part of a line
 */
import { readFences } from "./read-blocks.mjs";

/**
 * @typedef {object} Step
 * @property {string} command
 * @property {string} expected with a line end after every line
 * @property {number} line of the command
 */

/** @typedef {{ page: string, server: string, line: number, steps: Step[] }} Transcript */

/**
 * @param {string} page its path, for messages
 * @param {string} text
 * @returns {{ transcripts: Transcript[], problems: string[] }}
 */
export function readTranscripts(page, text) {
  const fences = readFences(text);
  const files = fences.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith("file=")));
  /** @type {Transcript[]} */
  const transcripts = [];
  /** @type {string[]} */
  const problems = [];
  for (const { lang, flags, code, line } of fences) {
    const server = flags.find((flag) => flag.startsWith("server="))?.slice("server=".length);
    if (lang !== "console" || server === undefined) continue;
    const at = `${page}:${line - 1}`;
    const steps = readSteps(code, line);
    if (!files.includes(`file=${server}`)) problems.push(`${at} server=${server} is no block of this page`);
    else if (steps === undefined) problems.push(`${at} a transcript begins with a command: $ curl …`);
    else transcripts.push({ page, server, line, steps });
  }
  return { transcripts, problems };
}

/**
 * @param {string} code
 * @param {number} firstLine
 * @returns {Step[] | undefined}
 */
function readSteps(code, firstLine) {
  /** @type {Step[]} */
  const steps = [];
  let isCommand = false;
  for (const [index, text] of code.replace(/\n$/, "").split("\n").entries()) {
    const last = steps.at(-1);
    if (isCommand && last !== undefined) last.command += `\n${text}`;
    else if (text.startsWith("$ "))
      steps.push({ command: text.slice(2), expected: "", line: firstLine + index });
    else if (last === undefined) return undefined;
    else last.expected += `${text}\n`;
    isCommand = (isCommand || text.startsWith("$ ")) && text.endsWith("\\");
  }
  return steps.length === 0 ? undefined : steps;
}
