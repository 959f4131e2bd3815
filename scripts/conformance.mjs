/**
 * Writes docs/conformance.md: which tests show which case of docs/conformance-ids.json.
 *
 * `--check` writes nothing, and fails when the page is stale. Both fail for a claimed case without a test, a case that is
 * listed as later and has one, and a test whose name holds an id that is not listed.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";
import { caseIdsIn } from "./conformance/case-ids.mjs";
import { readTitles } from "./conformance/read-titles.mjs";
import { conformancePage } from "./conformance/write-page.mjs";
import { headSentence } from "./source/head-comment.mjs";
import { sourceFiles } from "./source/read-sources.mjs";

/** @typedef {import("./conformance/write-page.mjs").Case} Case */
/** @typedef {import("./conformance/write-page.mjs").CaseList} CaseList */

const suiteFolder = "packages/protocol/src/testing/suite";
const suiteCases = `${suiteFolder}/cases/`;

const root = treeRoot();
const pagePath = join(root, "docs/conformance.md");

/** @param {string} path @returns {string} */
const read = (path) => readFileSync(join(root, path), "utf8");

/** @type {CaseList} */
const list = JSON.parse(read("docs/conformance-ids.json"));
const cases = list.families.flatMap((family) => family.cases);
const byId = new Map(cases.map((one) => [one.id, one]));

/** Tests of the scripts plant files of their own, and are none of the product. */
const testFiles = ["packages", "tests", "recipes"]
  .flatMap((folder) => sourceFiles(root, folder))
  .filter((path) => /\.test\.ts$/.test(path) || path.startsWith(suiteCases))
  .filter((path) => !path.startsWith("tests/house/"));
const titlesOf = new Map(testFiles.map((path) => [path, readTitles(path, read(path))]));

/** Files by the ids that their tests name. @type {Map<string, Set<string>>} */
const filesById = new Map();
/** @type {string[]} */
const unknown = [];
for (const [path, titles] of titlesOf) {
  for (const { text, line } of titles) {
    for (const id of caseIdsIn(text)) {
      if (byId.has(id)) filesById.set(id, (filesById.get(id) ?? new Set()).add(path));
      else unknown.push(`${path}:${line} names ${id}, which is not in docs/conformance-ids.json`);
    }
  }
}

/** @param {string} place a file, or `file > title` @returns {string | undefined} the file, if that is a test */
function fileOf(place) {
  const [path = "", ...title] = place.split(" > ");
  const titles = titlesOf.get(path) ?? [];
  const isThere =
    title.length === 0 ? titles.length > 0 : titles.some(({ text }) => text === title.join(" > "));
  return isThere ? path : undefined;
}

/** @param {Case} one @returns {string[]} the files of tests that name it, and those that the list names */
function ownFilesOf({ id, shownBy = [] }) {
  return [...(filesById.get(id) ?? []), ...shownBy.flatMap((place) => fileOf(place) ?? [])];
}

/** @param {Case} one @returns {string[]} the files that show it, or a case that it refers to; sorted */
function filesOf(one) {
  const others = (one.shownBy ?? []).flatMap((place) => byId.get(place) ?? []);
  return [...new Set([one, ...others].flatMap(ownFilesOf))].sort();
}

/** @param {Case} one @returns {string[]} */
function claimProblems(one) {
  if (one.later !== undefined) return [];
  const lost = (one.shownBy ?? []).filter((place) => {
    const other = byId.get(place);
    return other === undefined ? fileOf(place) === undefined : other.later !== undefined;
  });
  if (lost.length > 0) return lost.map((place) => `${one.id} is shown by ${place}, which is no test`);
  return filesOf(one).length === 0 ? [`${one.id} is claimed, and no test names it`] : [];
}

/** @returns {string[]} what the list itself says wrongly */
function listProblems() {
  const doubled = cases.filter((one, at) => cases.findIndex(({ id }) => id === one.id) !== at);
  const reasonless = cases.filter(({ later }) => later !== undefined && !Object.hasOwn(list.reasons, later));
  return [
    ...doubled.map(({ id }) => `${id} is listed twice`),
    ...reasonless.map(({ id, later }) => `${id} is later for ${later}, which is no reason of the list`),
  ];
}

const early = cases
  .filter(({ id, later }) => later !== undefined && filesById.has(id))
  .map(({ id }) => `${id} is listed as later, and ${[...(filesById.get(id) ?? [])].join(", ")} shows it`);
const runs = testFiles
  .filter((path) => /^packages\/[^/]+\/test\/suite-[^/]*\.test\.ts$/.test(path))
  .map((path) => ({ path, sentence: headSentence(read(path)) ?? "" }));
const page = conformancePage(list, filesOf, runs);

const isCheck = process.argv.includes("--check");
const isCurrent = existsSync(pagePath) && readFileSync(pagePath, "utf8") === page;
if (!isCheck && !isCurrent) writeFileSync(pagePath, page);
conclude([
  { name: "list of cases", problems: listProblems() },
  { name: "claimed cases", problems: cases.flatMap(claimProblems) },
  { name: "later cases", problems: early },
  { name: "ids in the names of tests", problems: unknown },
  {
    name: "docs/conformance.md",
    problems: isCheck && !isCurrent ? ["is stale: run `node scripts/conformance.mjs`"] : [],
  },
]);
