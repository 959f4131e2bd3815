/**
 * TypeScript and JavaScript files as facts: what each imports, and which global names it uses.
 *
 * Parsed by TypeScript 5.9, whose compiler has an interface for programs. A name counts as global when nothing in the
 * file declares it, so a local variable called `window` is none.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import ts from "typescript-5.9";

/**
 * @typedef {object} Import
 * @property {string | undefined} specifier `undefined` when it is computed at run time
 * @property {boolean} isType erased before the program runs
 * @property {boolean} isDynamic an `import()`
 * @property {number} line
 */

/** @typedef {{ readonly name: string, readonly line: number }} GlobalUse `name` may have two words: `AbortSignal.timeout` */

/**
 * @typedef {object} SourceFacts
 * @property {string} path relative to the root, with slashes
 * @property {readonly Import[]} imports
 * @property {readonly GlobalUse[]} globals
 */

const extension = /\.(?:[cm]?[jt]s|[jt]sx)$/;
const skippedFolders = new Set(["node_modules", "dist", ".turbo", "coverage"]);

/**
 * Every source file below a folder, sorted.
 *
 * @param {string} root
 * @param {string} folder relative to the root; may be absent
 * @returns {string[]} paths relative to the root, with slashes
 */
export function sourceFiles(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : sourceFiles(root, path);
      return extension.test(entry.name) ? [path] : [];
    })
    .sort();
}

/**
 * @param {string} root
 * @param {readonly string[]} paths relative to the root
 * @returns {SourceFacts[]} in the order of `paths`
 */
export function readSources(root, paths) {
  const program = ts.createProgram({
    rootNames: paths.map((path) => join(root, path)),
    options: {
      noLib: true, // so that every global is a name that nothing declares
      noResolve: true,
      types: [],
      allowJs: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      moduleDetection: ts.ModuleDetectionKind.Force,
    },
  });
  const checker = program.getTypeChecker();
  return paths.map((path) => {
    const file = program.getSourceFile(join(root, path));
    if (file === undefined) throw new Error(`Cannot read ${path}`);
    return { path: relative(root, file.fileName).split(sep).join("/"), ...factsOf(file, checker) };
  });
}

/**
 * @param {ts.SourceFile} file
 * @param {ts.TypeChecker} checker
 * @returns {{ imports: Import[], globals: GlobalUse[] }}
 */
function factsOf(file, checker) {
  /** @type {Import[]} */
  const imports = [];
  /** @type {GlobalUse[]} */
  const globals = [];
  /** @param {ts.Node} node @returns {number} */
  const lineOf = (node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  /** @param {ts.Node} node @param {ts.Node | undefined} specifier @param {boolean} isType */
  const addImport = (node, specifier, isType) => {
    const text = specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
    imports.push({ specifier: text, isType, isDynamic: ts.isCallExpression(node), line: lineOf(node) });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      addImport(node, node.moduleSpecifier, node.importClause?.isTypeOnly === true);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      addImport(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      addImport(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      addImport(node, node.arguments[0], false);
    } else if (ts.isIdentifier(node) && isGlobal(node, checker)) {
      globals.push({ name: node.text, line: lineOf(node) });
    }
    const member = memberOfGlobal(node);
    if (member) globals.push({ name: member, line: lineOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { imports, globals };
}

/**
 * `globalThis.process` is the global `process`; `AbortSignal.timeout` is a global of two words.
 *
 * @param {ts.Node} node
 * @returns {string | undefined}
 */
function memberOfGlobal(node) {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
  if (!ts.isIdentifier(node.expression)) return undefined;
  const key = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression;
  const name = ts.isIdentifier(key) || ts.isStringLiteralLike(key) ? key.text : undefined;
  if (name === undefined) return undefined;
  return node.expression.text === "globalThis" ? name : `${node.expression.text}.${name}`;
}

/**
 * @param {ts.Identifier} node
 * @param {ts.TypeChecker} checker
 * @returns {boolean}
 */
function isGlobal(node, checker) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isQualifiedName(parent) && parent.right === node) return false;
  if ((ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) && parent.propertyName === node)
    return false;
  if (ts.isExportSpecifier(parent) && parent.parent.parent.moduleSpecifier) return false;
  const symbol = ts.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : checker.getSymbolAtLocation(node);
  return !symbol?.declarations?.length; // an unknown type has a symbol, but no declaration
}
