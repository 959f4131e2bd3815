/**
 * Writes docs/mutation.md: how many of the mutants that a tool makes of each machine its tests find, and those that none can.
 */
import { percent } from "./judge-run.mjs";
import { bars, machines } from "./machines.mjs";

/** @typedef {import("./machines.mjs").Machine} Machine */
/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./equivalent.mjs").EquivalentMutant} EquivalentMutant */

/** @param {string} code @returns {string} as code in a cell of a table */
function cell(code) {
  return `\`${code.replaceAll("|", "\\|").replaceAll("`", "'")}\``;
}

/** @param {Machine} machine @param {Result} result @returns {string} */
function row({ name, file, tests, kind }, { date, killed, timeout, survived, equivalent, seconds }) {
  const links = tests.map((path) => `[${path.replace(/^.*\/|\.test\.ts$/g, "")}](../${path})`);
  const found = killed + timeout;
  const all = found + survived;
  return `| ${[
    `[${name}](../${file})`,
    links.join(", "),
    all,
    killed,
    timeout,
    survived,
    equivalent,
    `${percent(found, all)} %`,
    `${percent(found, all - equivalent)} %`,
    `${bars[kind]} %`,
    seconds,
    date,
  ].join(" | ")} |`;
}

/** @param {EquivalentMutant} mutant @returns {string} */
function equivalentRow({ machine, line, from, to, times = 1, why }) {
  const where = `${cell(line)}${times > 1 ? ` (${times} times)` : ""}`;
  return `| ${[machine, where, cell(from), cell(to), why].join(" | ")} |`;
}

/** @param {readonly Result[]} results @param {Machine["kind"]} kind @returns {string} */
function table(results, kind) {
  const rows = machines
    .filter((machine) => machine.kind === kind)
    .flatMap((machine) => {
      const result = results.find((one) => one.machine === machine.name);
      return result === undefined ? [] : [row(machine, result)];
    });
  return `| machine | tests | mutants | killed | never end | survived | equivalent | of all | score | bar | seconds | measured |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}`;
}

/**
 * @param {readonly Result[]} results of all machines
 * @param {readonly EquivalentMutant[]} equivalents
 * @returns {string}
 */
export function mutationPage(results, equivalents) {
  const count = results.reduce((sum, { killed, timeout, survived }) => sum + killed + timeout + survived, 0);
  const found = results.reduce((sum, { killed, timeout }) => sum + killed + timeout, 0);
  const equivalent = results.reduce((sum, result) => sum + result.equivalent, 0);
  const versions = [...new Set(results.map(({ node }) => node))].join(", ");
  return `# Mutation scores

Every condition, operator, assignment, block and call of the machines below is changed in turn, in a copy of the tree, by [Stryker](https://stryker-mutator.io); then the machine's own tests run.
The score is the share of these mutants for which a test fails, or never ends; mutants that no test can find, as they do what the code does, are not counted, and stand below with the reason.
\`npm run mutation -- --write\` measures all, which takes an hour, and writes this page; \`--only name\` measures one of them, \`--changed\` those whose file is not what it was. No part of \`npm test\`, which only checks that it could be done.
Faults that were chosen by hand, also in code that is no pure machine, are on [Mutants](mutants.md).

${count} mutants of ${results.length} machines, with Node ${versions}: ${found} were found, ${percent(found, count)} %; of those that can be found, ${percent(found, count - equivalent)} %. Texts are not changed, nor what is computed once when a module is loaded. Property tests run with one seed.
Seconds are those of a wall clock, for the whole run of a machine, on a computer that had other work.

## Credit and resume

Every mutant that survives has been looked at: a run fails when one that is not listed below survives, or one that is listed is found, or is not there any more.

${table(results, "credit and resume")}

## Session, flow control and calls

What survives here has not been looked at one by one.

${table(results, "session, flow control and calls")}

## Frames, codecs and limits

What survives here was looked at when it was measured: what a peer sends is judged the same with it. No list of it is kept.

${table(results, "frames, codecs and limits")}

## Mutants that do what the code does

A few of them take more time or memory for it, within bounds; the reason says so.

| machine | line | changed | into | why it is the same |
| --- | --- | --- | --- | --- |
${equivalents.map(equivalentRow).join("\n")}
`;
}
