/**
 * The names that a file gives to its tests, read from its source, so that nothing has to be run.
 *
 * Names are what stands first in a call of `describe`, `it` or `test`, and what fills the gaps of such names: `name`, `title`
 * and `id` of objects, and the text in the arrays that `.each()` is given. Tests that are skipped or only planned have none.
 */
import ts from "typescript-5.9";

/** @typedef {{ readonly text: string, readonly line: number }} Title */

const runners = new Set(["describe", "it", "test"]);
const namingMembers = new Set(["id", "name", "title"]);
const idle = new Set(["skip", "todo"]);

/**
 * @param {string} path for its extension only
 * @param {string} source
 * @returns {Title[]} in the order of the file
 */
export function readTitles(path, source) {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.ES2022, true);
  /** @type {Title[]} */
  const titles = [];
  /** @param {ts.Node | undefined} node */
  const add = (node) => {
    const text = node && textOf(node);
    if (text === undefined || node === undefined) return;
    titles.push({ text, line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 });
  };
  /** @param {ts.Node} node */
  const addRows = (node) => {
    if (ts.isArrayLiteralExpression(node)) node.elements.forEach(addRows);
    else add(node);
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const chain = chainOf(node.expression);
      if (chain.some((word) => idle.has(word))) return;
      if (runners.has(chain[0] ?? "")) {
        if (chain.at(-1) === "each") node.arguments.forEach(addRows);
        else add(node.arguments[0]);
      }
    }
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && namingMembers.has(node.name.text)) {
      add(node.initializer);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return titles;
}

/** @param {ts.Node} node @returns {string | undefined} a literal's text; of a template what lies around its gaps */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…");
}

/** @param {ts.Node} node @returns {string[]} the words of `test.concurrent.each(rows)`: test, concurrent, each, and none for the call */
function chainOf(node) {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isPropertyAccessExpression(node)) return [...chainOf(node.expression), node.name.text];
  if (ts.isCallExpression(node)) return [...chainOf(node.expression), "()"];
  return [];
}
