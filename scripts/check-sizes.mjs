/**
 * Holds what users ship to a budget: bundles of typical programs, minified and gzipped.
 *
 * Stands on `npm run build`. Budgets are in scripts/size-budget.json, in bytes; a bundle that is far below its budget is a
 * problem, too, since the budget then guards nothing.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { conclude, treeRoot } from "./check-run.mjs";

/** @typedef {{ name: string, code: string, platform: "browser" | "node", gzip: number }} Budget */

const root = treeRoot();
/** @type {readonly Budget[]} */
const budgets = JSON.parse(readFileSync(join(root, "scripts/size-budget.json"), "utf8"));
/** By how much a bundle may be below its budget. */
const slack = 0.15;

/** @param {Budget} budget @returns {Promise<import("./check-run.mjs").Check>} */
async function checkOf({ name, code, platform, gzip }) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform,
    write: false,
    logLevel: "silent",
    external: ["node:*"],
  });
  const bytes = gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length;
  console.log(`${name}: ${bytes} bytes gzipped, budget ${gzip}`);
  const problems = [];
  if (bytes > gzip) problems.push(`${bytes} bytes gzipped: ${bytes - gzip} above the budget`);
  if (bytes < gzip * (1 - slack)) problems.push(`${bytes} bytes gzipped: lower the budget of ${gzip}`);
  return { name, problems };
}

conclude(await Promise.all(budgets.map(checkOf)));
