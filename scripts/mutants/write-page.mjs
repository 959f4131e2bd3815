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

/** How much longer the models run than in `npm test`. */
export const modelFactor = 4;

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

const modelsTitle = "## What the models find alone";

/**
 * @param {readonly Row[]} rows those that the models have found
 * @param {readonly import("./mutant.mjs").Mutant[]} all of what the models are about
 * @param {string} where the run was made
 * @param {number} seconds
 * @returns {string} the part of the page that says what the models find
 */
export function modelsSection(rows, all, where, seconds) {
  const lines = all.map(({ name, unmodelled }) => {
    const row = rows.find(({ mutant }) => mutant.name === name);
    return `| ${name} | ${row === undefined ? `no: ${unmodelled}` : row.redFiles.map(linkTo).join(", ")} |`;
  });
  return `${modelsTitle}

The models of [tests/models](../tests/models) know what is promised, and nothing of the code. Of the faults above in sessions, windows and calls they have to find each alone, unless a reason is
known why they cannot: those are not tried. \`node scripts/mutants.mjs --models --write\` tries the others, with ${modelFactor} times as many runs as in \`npm test\`, until a first test fails, and writes this section.

${where}, in ${Math.round(seconds)} s: ${rows.length} of ${all.length} were tried, and all of these found.

| the code with the fault | found by the models |
| --- | --- |
${lines.join("\n")}
`;
}

/** @param {string} page @param {string} section @returns {string} `page` with `section` in the place of its last one */
export function withModels(page, section) {
  return `${page.split(`\n${modelsTitle}`)[0]?.trimEnd()}\n\n${section}`;
}

/** @param {string} page @returns {string[]} the names of the mutants that it says were found */
export function namesOn(page) {
  const table = page.split(modelsTitle)[0] ?? "";
  return [...table.matchAll(/^\| (.*?) \|/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => !/^-+$|^the code with the fault$/.test(name));
}

/** @param {string} page @returns {string} what the page says of the models; empty if nothing */
export function modelsOf(page) {
  const at = page.indexOf(modelsTitle);
  return at < 0 ? "" : page.slice(at);
}

/**
 * @param {readonly Row[]} rows all of them found
 * @param {number} tests how many passed without a mutant
 * @param {string} where the run was made
 * @param {number} seconds
 * @returns {string}
 */
export function mutantsPage(rows, tests, where, seconds) {
  const known = rows.flatMap(({ mutant }) => mutant.known ?? []);
  const lines = rows.map(
    (row) => `| ${row.mutant.name} | ${row.mutant.known ?? ""} | ${row.mutant.why} | ${foundBy(row)} |`,
  );
  return `# Mutants

Faults that are put into a copy of the code, one by one: for each of them at least one test has to fail. \`node scripts/mutants.mjs --write\` does it and writes this page;
\`npm test\` only checks that each can still be put in, and stands below.

${where}, in ${Math.round(seconds)} s: ${rows.length} mutants, all found; ${tests} tests of the same files pass without one.
${known.length} of them are of ${new Set(known).size} well-known kinds (second column); the others are our own.

| the code with the fault | known as | what it would do | found by |
| --- | --- | --- | --- |
${lines.join("\n")}
`;
}
