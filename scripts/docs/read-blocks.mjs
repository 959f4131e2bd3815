/**
 * The code of a Markdown page as modules: which blocks belong together, which run, and what they shall print.
 *
 * A block's info string says what is done with it:
 *
 *     ts                   type-checked
 *     ts run               also executed; a `text` block directly below is what it prints
 *     ts file=protocol.ts  a module that the page's other blocks import as "./protocol.ts"
 *     ts continues         goes on in the module of the block above it
 *     ts no-check REASON   neither; the reason is printed
 */

/**
 * @typedef {object} Block
 * @property {string} lang the info string's first word, in lower case
 * @property {readonly string[]} flags its other words
 * @property {string} code with a line end after every line
 * @property {number} line of the first line of code, counted from 1
 * @property {boolean} isAdjacent nothing but blank lines lie between it and the block above
 */

/**
 * @typedef {object} DocModule
 * @property {string} page
 * @property {string | undefined} file the name that the page's other modules import it by
 * @property {readonly { code: string, line: number }[]} parts one for each block
 * @property {boolean} runs
 * @property {string | undefined} expected what it prints, if the page says so
 */

/** @typedef {{ page: string, line: number, reason: string }} Unchecked */

const checkedLanguages = new Set(["ts", "typescript", "mts"]);
const refusedLanguages = new Set(["js", "javascript", "mjs", "cjs", "cts", "jsx", "tsx"]);

/**
 * Every fenced block of a page (CommonMark's fences of backticks or tildes, indented or not).
 *
 * @param {string} text
 * @returns {Block[]}
 */
export function readFences(text) {
  const lines = text.split(/\r?\n/);
  /** @type {Block[]} */
  const blocks = [];
  let isAdjacent = false;
  for (let at = 0; at < lines.length; at++) {
    const opening = /^( *)(`{3,}|~{3,})\s*(.*)$/.exec(lines[at] ?? "");
    if (opening === null) {
      if (lines[at]?.trim() !== "") isAdjacent = false;
      continue;
    }
    const [, indent = "", fence = "", info = ""] = opening;
    const isClosing = (/** @type {string} */ line) => {
      const trimmed = line.trim();
      return trimmed.length >= fence.length && trimmed === (fence[0] ?? "").repeat(trimmed.length);
    };
    const end = lines.findIndex((line, index) => index > at && isClosing(line));
    const stop = end === -1 ? lines.length : end;
    const [lang = "", ...flags] = info.trim().split(/\s+/);
    const code = lines
      .slice(at + 1, stop)
      .map((line) => `${line.startsWith(indent) ? line.slice(indent.length) : line}\n`);
    blocks.push({ lang: lang.toLowerCase(), flags, code: code.join(""), line: at + 2, isAdjacent });
    isAdjacent = true;
    at = stop;
  }
  return blocks;
}

/**
 * @param {string} page its path, for messages
 * @param {string} text
 * @returns {{ modules: DocModule[], unchecked: Unchecked[], problems: string[] }}
 */
export function readBlocks(page, text) {
  const blocks = readFences(text);
  /** @type {(DocModule & { parts: { code: string, line: number }[] })[]} */
  const modules = [];
  /** @type {Unchecked[]} */
  const unchecked = [];
  /** @type {string[]} */
  const problems = [];
  blocks.forEach(({ lang, flags, code, line }, index) => {
    const at = `${page}:${line - 1}`;
    if (refusedLanguages.has(lang)) problems.push(`${at} a ${lang} block is not checked; write it as ts`);
    if (!checkedLanguages.has(lang)) return;
    const [first, ...words] = flags;
    if (first === "no-check") {
      if (words.length === 0) problems.push(`${at} no-check needs a reason`);
      else unchecked.push({ page, line: line - 1, reason: words.join(" ") });
      return;
    }
    const file = flags.find((flag) => flag.startsWith("file="))?.slice("file=".length);
    const unknown = flags.filter((flag) => !["run", "continues"].includes(flag) && !flag.startsWith("file="));
    if (unknown.length > 0) problems.push(`${at} unknown words after ts: ${unknown.join(" ")}`);
    if (file !== undefined && !/^[\w.-]+\.ts$/.test(file))
      problems.push(`${at} file=${file} is no name of a .ts file`);
    const below = blocks[index + 1];
    const expected =
      flags.includes("run") && below?.lang === "text" && below.isAdjacent ? below.code : undefined;
    const previous = modules.at(-1);
    if (flags.includes("continues") && previous === undefined) problems.push(`${at} continues nothing`);
    if (flags.includes("continues") && previous !== undefined) {
      modules.splice(-1, 1, {
        ...previous,
        parts: [...previous.parts, { code, line }],
        runs: previous.runs || flags.includes("run"),
        expected: expected ?? previous.expected,
      });
    } else {
      modules.push({ page, file, parts: [{ code, line }], runs: flags.includes("run"), expected });
    }
  });
  return { modules, unchecked, problems };
}
