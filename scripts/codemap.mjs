/**
 * Writes the file map of ARCHITECTURE.md: every source file with the first sentence of its head comment.
 *
 * `--check` writes nothing, and fails when the map is stale. Both fail for a source file without a head comment.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";
import { headSentence } from "./source/head-comment.mjs";
import { sourceFiles } from "./source/read-sources.mjs";

const begin = "<!-- map: written by `npm run codemap` -->";
const end = "<!-- end of map -->";

const root = treeRoot();
const page = join(root, "ARCHITECTURE.md");

/** @param {string} path @returns {string} */
const read = (path) => readFileSync(join(root, path), "utf8");

/** @returns {string[]} the folders that the map shows, packages first */
function mappedFolders() {
  const packages = existsSync(join(root, "packages")) ? readdirSync(join(root, "packages")).sort() : [];
  return [...packages.map((name) => `packages/${name}/src`), "scripts"];
}

/**
 * One folder of the map: a heading, then a list for each folder in it.
 *
 * @param {string} folder
 * @param {readonly { path: string, sentence: string }[]} files
 * @returns {string}
 */
function section(folder, files) {
  const groups = new Map();
  for (const { path, sentence } of files) {
    const inside = posix.dirname(path.slice(folder.length + 1));
    const line = `- \`${posix.basename(path)}\` ${sentence}`;
    groups.set(inside, [...(groups.get(inside) ?? []), line]);
  }
  const lists = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([inside, lines]) => {
      return inside === "." ? lines.join("\n") : `**\`${inside}/\`**\n\n${lines.join("\n")}`;
    });
  return `### ${folder}\n\n${lists.join("\n\n")}\n`;
}

const described = mappedFolders().map((folder) => ({
  folder,
  files: sourceFiles(root, folder).map((path) => ({ path, sentence: headSentence(read(path)) ?? "" })),
}));
const filled = described.filter(({ files }) => files.length > 0);
const silent = filled.flatMap(({ files }) => files.filter(({ sentence }) => sentence === ""));
const map = filled.map(({ folder, files }) => section(folder, files)).join("\n");

const before = readFileSync(page, "utf8");
const [from, to] = [before.indexOf(begin), before.indexOf(end)];
const hasMarkers = from !== -1 && to > from;
const after = hasMarkers ? `${before.slice(0, from)}${begin}\n\n${map}\n${before.slice(to)}` : before;

const isCheck = process.argv.includes("--check");
if (!isCheck && after !== before) writeFileSync(page, after);
const stale = isCheck && after !== before ? ["is stale: run `npm run codemap`"] : [];
conclude(
  filled.length === 0
    ? []
    : [
        { name: "head comments", problems: silent.map(({ path }) => `${path} has no head comment`) },
        {
          name: "map in ARCHITECTURE.md",
          problems: hasMarkers ? stale : [`lacks the markers ${begin} and ${end}`],
        },
      ],
);
