/**
 * Writes docs/mutants.md: each fault that was put into the code, and the tests that found it.
 */

/**
 * @typedef {object} Row
 * @property {import("./mutant.mjs").Mutant} mutant
 * @property {import("./run-tests.mjs").TestRun["outcome"]} outcome
 * @property {string[]} redTests
 * @property {string[]} redFiles
 */

/** @param {string} path @returns {string} */
function linkTo(path) {
  const name =
    path
      .split("/")
      .at(-1)
      ?.replace(/\.test\.ts$/, "") ?? path;
  return `[${name}](../${path})`;
}

/** @param {Row} row @returns {string} */
function foundBy({ outcome, redTests, redFiles }) {
  if (outcome === "hung") return "tests that never end";
  return `${redTests.length} ${redTests.length === 1 ? "test" : "tests"}: ${redFiles.map(linkTo).join(", ")}`;
}

/**
 * @param {readonly Row[]} rows all of them found
 * @param {number} tests how many passed without a mutant
 * @param {number} seconds
 * @returns {string}
 */
export function mutantsPage(rows, tests, seconds) {
  const known = new Set(rows.flatMap(({ mutant }) => mutant.known ?? []));
  const lines = rows.map(
    (row) => `| ${row.mutant.name} | ${row.mutant.known ?? ""} | ${row.mutant.why} | ${foundBy(row)} |`,
  );
  return `# Mutants

Faults that are put into a copy of the code, one by one: for each of them at least one test has to fail. \`node scripts/mutants.mjs --write\` does it and writes this page;
\`npm test\` only checks that each can still be put in.

Run on ${new Date().toISOString().slice(0, 10)} with Node ${process.versions.node}, in ${Math.round(seconds)} s: ${rows.length} mutants, all found; ${tests} tests of the same files pass without one.
${known.size} faults of well-known kinds are among them (second column); the others are our own.

| the code with the fault | known as | what it would do | found by |
| --- | --- | --- | --- |
${lines.join("\n")}
`;
}
