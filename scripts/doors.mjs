/**
 * Lists what every door of every package exports, and compares it with tests/house/doors.json.
 *
 * Read from the sources; a door names its exports one by one. `--write` updates the list, `--built` compares the built
 * packages, imported as plain Node imports them, with the sources. A change of the list is a change of the public interface.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { conclude, treeRoot } from "./check-run.mjs";
import { readDoor } from "./source/read-door.mjs";

/** @typedef {import("./source/read-door.mjs").Door} Door */
/** @typedef {{ name: string, source: string, built: string }} DoorFiles `source` and `built` are absolute paths */

const root = treeRoot();
const listFile = join(root, "tests/house/doors.json");

/** @returns {DoorFiles[]} in the order of names */
function findDoors() {
  const folders = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  return folders
    .filter((folder) => existsSync(join(folder, "package.json")))
    .flatMap((folder) => {
      const { name, exports = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return Object.entries(exports)
        .filter(([, target]) => typeof target === "object")
        .map(([key, target]) => ({
          name: posix.join(name, key),
          source: join(folder, target["@sluice/source"]),
          built: join(folder, target.default),
        }));
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * @param {readonly string[]} expected
 * @param {readonly string[]} actual
 * @returns {string[]} one line for each name that only one of them has
 */
function differences(expected, actual) {
  return [
    ...expected.filter((name) => !actual.includes(name)).map((name) => `lacks ${name}`),
    ...actual.filter((name) => !expected.includes(name)).map((name) => `also exports ${name}`),
  ];
}

/** @param {DoorFiles} door @returns {Promise<string[]>} */
async function builtProblems({ source, built }) {
  if (!existsSync(source)) return [`${posix.relative(root, source)} does not exist`];
  const { values } = readDoor(source);
  try {
    return differences(values, Object.keys(await import(pathToFileURL(built).href)));
  } catch (error) {
    return [`cannot be imported from ${posix.relative(root, built)}: ${error}`];
  }
}

/** @param {DoorFiles} door @param {Record<string, Door>} listed @returns {string[]} */
function sourceProblems({ name, source }, listed) {
  if (!existsSync(source)) return [`${posix.relative(root, source)} does not exist`];
  const { values, types, unnamed } = readDoor(source);
  const expected = listed[name];
  if (expected === undefined) return ["is not in tests/house/doors.json: run `npm run doors`"];
  return [
    ...unnamed.map((line) => `line ${line} exports without a list of names`),
    ...differences([...expected.values, ...expected.types], [...values, ...types]),
  ];
}

const doors = findDoors();
if (process.argv.includes("--write")) {
  const present = doors.filter(({ source }) => existsSync(source));
  const list = Object.fromEntries(
    present.map(({ name, source }) => {
      const { values, types } = readDoor(source);
      return [name, { values, types }];
    }),
  );
  writeFileSync(listFile, `${JSON.stringify(list, null, 2)}\n`);
  console.log(`${present.length} doors written to ${posix.relative(root, listFile)}`);
} else if (process.argv.includes("--built")) {
  conclude(
    await Promise.all(doors.map(async (door) => ({ name: door.name, problems: await builtProblems(door) }))),
  );
} else {
  const listed = existsSync(listFile) ? JSON.parse(readFileSync(listFile, "utf8")) : {};
  const gone = Object.keys(listed).filter((name) => doors.every((door) => door.name !== name));
  conclude([
    ...doors.map((door) => ({ name: door.name, problems: sourceProblems(door, listed) })),
    ...gone.map((name) => ({ name, problems: ["is listed in tests/house/doors.json, and is no door"] })),
  ]);
}
