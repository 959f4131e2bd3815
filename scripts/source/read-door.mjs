/**
 * What a door exports, read from its source: a door lists its names, so that nothing has to be resolved or run.
 */
import { readFileSync } from "node:fs";
import ts from "typescript-5.9";

/**
 * @typedef {object} Door
 * @property {readonly string[]} values sorted
 * @property {readonly string[]} types sorted
 */

/**
 * @param {string} path the door's source file
 * @returns {Door & { readonly unnamed: readonly number[] }} `unnamed`: lines with an `export *` or a default export
 */
export function readDoor(path) {
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true);
  /** @type {Set<string>} */
  const values = new Set();
  /** @type {Set<string>} */
  const types = new Set();
  /** @type {number[]} */
  const unnamed = [];
  for (const statement of file.statements) {
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    ) {
      for (const element of statement.exportClause.elements) {
        const isType = statement.isTypeOnly || element.isTypeOnly;
        (isType ? types : values).add(element.name.text);
      }
    } else if (ts.isExportDeclaration(statement) || ts.isExportAssignment(statement)) {
      unnamed.push(file.getLineAndCharacterOfPosition(statement.getStart(file)).line + 1);
    } else if (isExported(statement)) {
      const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      for (const name of declaredNames(statement)) (isType ? types : values).add(name);
    }
  }
  return { values: [...values].sort(), types: [...types].sort(), unnamed };
}

/** @param {ts.Statement} statement @returns {boolean} */
function isExported(statement) {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

/** @param {ts.Statement} statement @returns {string[]} */
function declaredNames(statement) {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name ? [statement.name.text] : [];
}
