/**
 * Where a command is.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** @param {string} command @returns {string | undefined} its path; `undefined` if it is not on the PATH */
export function findCommand(command) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false; // absent or not executable: both mean "look further"
      }
    });
}

/** @param {string} command @returns {string} its path @throws {Error} if it is not on the PATH */
export function pathOf(command) {
  const path = findCommand(command);
  if (path === undefined)
    throw new Error(`${command} is not on the PATH: node scripts/services.mjs installs it`);
  return path;
}
