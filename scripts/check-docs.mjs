/**
 * Checks the code in the project's pages: type-checks every `ts` block against the sources, executes those that say `run`, and the
 * commands of transcripts.
 *
 * One compiler run for all pages. What a block prints is compared with the `text` block directly below it. The words that a
 * block's info string may hold are in docs/read-blocks.mjs and docs/read-transcripts.mjs.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { conclude, flagValue, treeRoot } from "./check-run.mjs";
import { readBlocks } from "./docs/read-blocks.mjs";
import { readTranscripts } from "./docs/read-transcripts.mjs";
import { runTranscripts } from "./docs/run-transcripts.mjs";
import { placeInPage, writeModules } from "./docs/write-modules.mjs";
import { buildPrograms } from "./source/build-programs.mjs";

/** @typedef {import("./check-run.mjs").Check} Check */
/** @typedef {import("./docs/write-modules.mjs").WrittenModule} WrittenModule */

const root = treeRoot();
const runTimeoutMs = Number(flagValue("--timeout") ?? 60_000);

/** @param {string} folder @returns {string[]} Markdown pages of the folder itself */
function pagesIn(folder) {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder)).filter(
    (name) => name.endsWith(".md") && name !== "CHANGELOG.md",
  );
  return names.sort().map((name) => join(folder, name));
}

/** @param {string} folder @returns {string[]} READMEs of its subfolders */
function readmesBelow(folder) {
  if (!existsSync(join(root, folder))) return [];
  const paths = readdirSync(join(root, folder)).map((name) => join(folder, name, "README.md"));
  return paths.filter((path) => existsSync(join(root, path))).sort();
}

/**
 * @param {readonly WrittenModule[]} written
 * @param {string} folder where they are
 * @returns {Check[]} one for each module, and one for the sources if the compiler complains about them
 */
function typeChecks(written, folder) {
  const config = join(folder, "tsconfig.json");
  const compilerOptions = { types: ["node"], moduleDetection: "force", isolatedDeclarations: false };
  const files = written.map(({ path }) => path);
  writeFileSync(config, JSON.stringify({ extends: "../tsconfig.base.json", compilerOptions, files }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", config, "--pretty", "false"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });

  /** @type {Map<string, string[]>} */
  const byPath = new Map(files.map((path) => [path, []]));
  /** @type {string[]} */
  const elsewhere = [];
  for (const error of stdout.split(/\n(?=\S)/).filter((line) => line.trim() !== "")) {
    const [, file = "", line = "", text = ""] = /^(.*?)\((\d+),\d+\): ([\s\S]*)$/.exec(error) ?? [];
    const owner = written.find(({ path }) => relative(root, path) === file || path === file);
    if (owner) byPath.get(owner.path)?.push(`${placeInPage(owner.module, Number(line))} ${text.trimEnd()}`);
    else elsewhere.push(error.trimEnd());
  }
  const found = elsewhere.length + [...byPath.values()].flat().length;
  if (status !== 0 && found === 0) elsewhere.push(`tsc ended with status ${status}\n${stderr}`);
  const checks = written.map(({ module, path }) => ({
    name: `types of ${placeInPage(module, 1)}`,
    problems: byPath.get(path) ?? [],
  }));
  return elsewhere.length === 0 ? checks : [...checks, { name: "types of the sources", problems: elsewhere }];
}

/** @param {string} text @returns {string} without blank space at the end of a line and of the whole */
function trimLines(text) {
  return text.replaceAll(/[ \t\r]+$/gm, "").trimEnd();
}

/**
 * Builds the modules that run, and runs them one after the other. If they cannot be built together each is built on its own, so
 * that each says what is wrong with it.
 *
 * @param {readonly WrittenModule[]} written
 * @param {string} folder where they are
 * @returns {Promise<Check[]>} one for each
 */
async function runChecks(written, folder) {
  const together = join(folder, "built");
  const programs = written.map(({ path }, at) => ({ name: `${at}`, path }));
  const isBuilt = (await buildPrograms(root, programs, together)).length === 0;
  /** @type {Check[]} */
  const checks = [];
  for (const [at, { module, path }] of written.entries()) {
    const own = isBuilt ? together : `${together}-${at}`;
    const problems = isBuilt ? [] : await buildPrograms(root, [{ name: `${at}`, path }], own);
    const place = placeInPage(module, 1);
    const told = problems.map((problem) => `${place} cannot be built\n${problem.path}:${problem.text}`);
    checks.push({
      name: `run of ${place}`,
      problems: told.length > 0 ? told : runProblems(module, join(own, `${at}.mjs`)),
    });
  }
  return checks;
}

/** @param {import("./docs/read-blocks.mjs").DocModule} module @param {string} program @returns {string[]} */
function runProblems(module, program) {
  const place = placeInPage(module, 1);
  const cwd = mkdtempSync(join(tmpdir(), "sluice-docs-"));
  const result = spawnSync(process.execPath, [program], {
    cwd,
    encoding: "utf8",
    timeout: runTimeoutMs,
    killSignal: "SIGKILL",
  });
  rmSync(cwd, { recursive: true, force: true });
  const { status, signal, stdout, stderr } = result;
  if (signal === "SIGKILL") return [`${place} did not end within ${runTimeoutMs} ms\n${stdout}${stderr}`];
  if (status !== 0) return [`${place} ended with status ${status ?? signal}\n${stdout}${stderr}`];
  if (module.expected === undefined || trimLines(stdout) === trimLines(module.expected)) return [];
  return [`${place} printed\n${stdout}where the page says\n${module.expected}`];
}

const pages = [...pagesIn("."), ...pagesIn("docs"), ...readmesBelow("packages"), ...readmesBelow("recipes")];
const texts = pages.map((page) => ({ page, text: readFileSync(join(root, page), "utf8") }));
const read = texts.map(({ page, text }) => readBlocks(page, text));
const said = texts.map(({ page, text }) => readTranscripts(page, text));
const modules = read.flatMap((page) => page.modules);
const unchecked = read.flatMap((page) => page.unchecked);
const transcripts = said.flatMap((page) => page.transcripts);
const markup = [...read, ...said].flatMap((page) => page.problems);

/** @type {Check[]} */
const checks = markup.length === 0 ? [] : [{ name: "info strings", problems: markup }];
if (modules.length > 0) {
  const folder = mkdtempSync(join(root, ".docs-blocks-"));
  try {
    const written = writeModules(root, folder, modules);
    checks.push(...typeChecks(written, folder));
    const running = written.filter(({ module }) => module.runs);
    checks.push(...(await runChecks(running, folder)));
    checks.push(...(await runTranscripts(transcripts, written, runTimeoutMs)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
for (const { page, line, reason } of unchecked) console.log(`not checked: ${page}:${line} (${reason})`);
console.log(`${pages.length} pages, ${modules.length} modules, ${unchecked.length} blocks not checked`);
conclude(checks);
