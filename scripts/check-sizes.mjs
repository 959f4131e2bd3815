/**
 * Holds what users ship to a budget: bundles of typical programs, minified and gzipped. Those for browsers know no Node, and Vite makes them
 * as well as esbuild; neither has a warning to give.
 *
 * Stands on `npm run build`. Budgets are in scripts/size-budget.json, in bytes; a bundle that is far below its budget is a
 * problem, too, since the budget then guards nothing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { build as buildByVite, createLogger } from "vite";
import { conclude, treeRoot } from "./check-run.mjs";

/**
 * `viteWarns`: the code of a warning that is known and harmless: what is imported on demand by a function that the bundle lacks.
 *
 * @typedef {{ name: string, code: string, platform: "browser" | "node", gzip: number, viteWarns?: string }} Budget
 */

const root = treeRoot();
/** @type {readonly Budget[]} */
const budgets = JSON.parse(readFileSync(join(root, "scripts/size-budget.json"), "utf8"));
/** By how much a bundle may be below its budget. */
const slack = 0.15;

/** @param {Budget} budget @returns {Promise<import("./check-run.mjs").Check>} */
async function checkOf({ name, code, platform, gzip, viteWarns }) {
  const { outputFiles, warnings } = await build({
    stdin: { contents: code, resolveDir: root, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform,
    write: false,
    logLevel: "silent",
    external: platform === "node" ? ["node:*"] : [],
  });
  const output = outputFiles[0]?.contents ?? new Uint8Array();
  const bytes = gzipSync(output, { level: 9 }).length;
  console.log(`${name}: ${bytes} bytes gzipped, budget ${gzip}`);
  const problems = [];
  if (bytes > gzip) problems.push(`${bytes} bytes gzipped: ${bytes - gzip} above the budget`);
  if (bytes < gzip * (1 - slack)) problems.push(`${bytes} bytes gzipped: lower the budget of ${gzip}`);
  for (const { text } of warnings) problems.push(`esbuild warns: ${text}`);
  if (platform === "browser") {
    if (/["'`]node:/.test(Buffer.from(output).toString())) problems.push("the bundle names a module of Node");
    const complaints = await complaintsOfVite(code);
    const isKnown = (/** @type {string} */ text) => viteWarns !== undefined && text.includes(viteWarns);
    problems.push(...complaints.filter((text) => !isKnown(text)));
    if (viteWarns !== undefined && !complaints.some(isKnown))
      problems.push(`Vite warns no more: ${viteWarns}`);
  }
  return { name, problems };
}

/** What Vite has to say when it bundles `code` for a page. @param {string} code @returns {Promise<string[]>} */
async function complaintsOfVite(code) {
  /** @type {string[]} */
  const complaints = [];
  const logger = createLogger("warn");
  const note = (/** @type {string} */ message) => void complaints.push(`Vite warns: ${message}`);
  // Inside of the workspace, so that the packages are found.
  const folder = mkdtempSync(join(root, "node_modules/.bundled-"));
  writeFileSync(join(folder, "entry.js"), code);
  try {
    await buildByVite({
      root: folder,
      configFile: false,
      logLevel: "warn",
      customLogger: { ...logger, warn: note, warnOnce: note, error: note },
      build: { write: false, lib: { entry: "entry.js", formats: ["es"] } },
    });
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return complaints;
}

conclude(await Promise.all(budgets.map(checkOf)));
