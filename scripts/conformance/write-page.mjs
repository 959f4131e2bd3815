/**
 * The page of conformance cases: a table for each family, with the files that show a case or the reason why none does.
 */

/**
 * @typedef {object} Case
 * @property {string} id
 * @property {string} asserts what must hold
 * @property {string} [later] a key of the list's reasons; absent: claimed
 * @property {readonly string[]} [shownBy] ids, files, or `file > title`
 */

/**
 * @typedef {object} CaseList
 * @property {Record<string, string>} reasons
 * @property {readonly { id: string, title: string, cases: readonly Case[] }[]} families
 */

/** @param {string} path relative to the root @returns {string} a link from `docs/` */
function link(path) {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/(\.test)?\.ts$/, "");
  return `[${name}](../${path})`;
}

/** @param {readonly string[]} paths @returns {string} */
function links(paths) {
  return paths.map(link).join(" · ");
}

/**
 * @param {CaseList} list
 * @param {(one: Case) => readonly string[]} filesOf the files that show a case
 * @param {readonly { path: string, sentence: string }[]} runs the files that run the transport suite
 * @returns {string}
 */
export function conformancePage(list, filesOf, runs) {
  const all = list.families.flatMap(({ cases }) => cases);
  /** @param {Case} one @returns {string | undefined} why no test shows it */
  const reasonOf = ({ later }) => (later === undefined ? undefined : list.reasons[later]);
  const claimed = all.filter((one) => reasonOf(one) === undefined);
  const pointless = all.filter((one) => reasonOf(one)?.startsWith("does not apply") === true);
  const lines = [
    "# Conformance",
    "",
    "<!-- Written by `node scripts/conformance.mjs` from conformance-ids.json and the names of the tests. -->",
    "",
    `What must hold, case by case, and which tests show it: ${claimed.length} of ${all.length} cases are shown, ${pointless.length} do not apply; the others say what they wait for. Ids are stable.`,
    "Tests carry them in their names (those of one letter as `REL-F1`, or in front), and `npm test` fails for a case that no test names. Tests of tests/long, and those",
    "whose names end with `.long`, run with `npm run test:long` only.",
    "",
    "Cases for which a file of [suite/cases](../packages/protocol/src/testing/suite/cases) is named are those of `transportSuite()` from `@sluice/protocol/testing`, which every transport passes; what has come of them, in numbers, is in [conformance-report.md](./conformance-report.md). It runs over",
    "",
    ...runs.map(({ path, sentence }) => `* ${link(path)}: ${sentence}`),
    "",
  ];
  for (const { id, title, cases } of list.families) {
    lines.push(`## ${title} (${id})`, "", "| case | what must hold | where |", "| --- | --- | --- |");
    for (const one of cases) {
      const reason = reasonOf(one);
      const where = pointless.includes(one) ? reason : `later: ${reason}`;
      lines.push(`| ${one.id} | ${one.asserts} | ${reason === undefined ? links(filesOf(one)) : where} |`);
    }
    lines.push("");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}
