/**
 * The packages of a tree: their folders, manifests and doors, and what an import specifier means in it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** @typedef {{ name?: string, exports?: Record<string, unknown>, dependencies?: object, peerDependencies?: object, devDependencies?: object }} Manifest */

export class Tree {
  /** Every door of every package, as programs import it. @type {ReadonlySet<string>} */
  doors;

  /** @param {string} root */
  constructor(root) {
    this.root = root;
    this.doors = new Set(
      this.subfolders("packages").flatMap((name) =>
        Object.keys(this.manifestOf(`packages/${name}`).exports ?? {}).map((key) =>
          posix.join(`@sluice/${name}`, key),
        ),
      ),
    );
  }

  /** @param {string} folder may be absent @returns {string[]} */
  subfolders(folder) {
    if (!this.has(folder)) return [];
    const entries = readdirSync(join(this.root, folder), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
      .map(({ name }) => name);
  }

  /** @param {string} path @returns {boolean} whether there is a file or folder */
  has(path) {
    return existsSync(join(this.root, path));
  }

  /** @param {string} folder @returns {Manifest} an empty one if there is none */
  manifestOf(folder) {
    const path = `${folder.replace(/\/$/, "")}/package.json`;
    return this.has(path) ? JSON.parse(readFileSync(join(this.root, path), "utf8")) : {};
  }
}

/** @param {string} specifier @returns {string} the package's name in `node_modules` */
export function packageNameOf(specifier) {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** @param {string} specifier @returns {boolean} */
export function isRelative(specifier) {
  return specifier.startsWith(".") || specifier.startsWith("/");
}

/** @param {string} from a file @param {string} specifier @returns {string} the path it means, relative to the root */
export function targetOf(from, specifier) {
  return posix.join(posix.dirname(from), specifier);
}
