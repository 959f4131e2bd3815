/**
 * Writes the modules of all pages into one folder, where the compiler and Node find them, and leads places back to the pages.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** @typedef {import("./read-blocks.mjs").DocModule} DocModule */
/** @typedef {{ module: DocModule, path: string }} WrittenModule `path` is absolute */

const relativeImport = /((?:from|import)\s*\(?\s*)(["'])(\.{1,2}\/[^"'\n]+)\2/g;

/**
 * Each page becomes a folder. An import of `./name.ts` means the page's own block of that name, and else the file beside the
 * page: it is then written as an absolute path.
 *
 * @param {string} root the tree that holds the pages
 * @param {string} folder an empty folder inside of it
 * @param {readonly DocModule[]} modules
 * @returns {WrittenModule[]}
 */
export function writeModules(root, folder, modules) {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const pages = [...new Set(modules.map(({ page }) => page))];
  return modules.map((module) => {
    const { page, file, parts } = module;
    const pageFolder = join(folder, String(pages.indexOf(page)));
    const own = modules.filter((other) => other.page === page).map((other) => `./${other.file}`);
    const code = parts.map((part) => part.code).join("");
    const placed = code.replaceAll(relativeImport, (whole, before, quote, specifier) => {
      if (own.includes(specifier)) return whole;
      const beside = join(root, dirname(page), specifier);
      return existsSync(beside) ? `${before}${quote}${beside}${quote}` : whole;
    });
    const path = join(pageFolder, file ?? `line-${parts[0]?.line}.ts`);
    mkdirSync(pageFolder, { recursive: true });
    writeFileSync(path, placed);
    return { module, path };
  });
}

/**
 * Where a line of a written module stands in its page.
 *
 * @param {DocModule} module
 * @param {number} line counted from 1
 * @returns {string} `page:line`
 */
export function placeInPage({ page, parts }, line) {
  let left = line;
  for (const { code, line: start } of parts) {
    const count = code.split("\n").length - 1;
    if (left <= count) return `${page}:${start + left - 1}`;
    left -= count;
  }
  return page;
}
