/**
 * What a mutant is, and how it is put into a tree: a change of the source that has to match exactly once.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * One change: `find` stands exactly once in `file`, and becomes `replace`.
 *
 * @typedef {{ readonly file: string, readonly find: string, readonly replace: string }} Patch
 */

/**
 * A fault that the suite has to find.
 *
 * @typedef {object} Mutant
 * @property {string} name what the mutated code does, in a few words; no other has the same
 * @property {string} [known] the same fault in the list of those that have to die, if it is one of them
 * @property {readonly Patch[]} patches
 * @property {readonly string[]} tests files of which at least one test has to fail
 * @property {string} why what would go wrong for users
 * @property {string} [unmodelled] why the models of tests/models cannot be asked to find it alone
 */

/** @param {string} text @param {string} part @returns {number} how often `part` stands in `text` */
function countOf(text, part) {
  return text.split(part).length - 1;
}

/**
 * @param {string} root
 * @param {Mutant} mutant
 * @returns {string[]} why it cannot be put into the tree; empty if it can
 */
export function patchProblems(root, { patches }) {
  return patches.flatMap(({ file, find, replace }) => {
    const count = countOf(readFileSync(join(root, file), "utf8"), find);
    if (find === replace) return [`${file}: it changes nothing`];
    return count === 1 ? [] : [`${file}: what it looks for stands there ${count} times: ${find.trim()}`];
  });
}

/**
 * Puts `mutant` into the tree.
 *
 * @param {string} root
 * @param {Mutant} mutant
 * @returns {() => void} takes it out again
 * @throws {Error} unless every patch matches exactly once
 */
export function applyMutant(root, mutant) {
  const problems = patchProblems(root, mutant);
  if (problems.length > 0) throw new Error(`Cannot apply "${mutant.name}": ${problems.join("; ")}`);
  /** @type {Map<string, string>} */
  const originals = new Map();
  for (const { file, find, replace } of mutant.patches) {
    const path = join(root, file);
    const text = readFileSync(path, "utf8");
    if (!originals.has(path)) originals.set(path, text);
    // By a function: `$` in the replacement stands for itself.
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  return () => {
    for (const [path, text] of originals) writeFileSync(path, text);
  };
}
