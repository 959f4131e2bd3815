/**
 * Judges what tests made of one machine's mutants: the score, and whether those that survive are the ones that are known to.
 */
import { bars } from "./machines.mjs";

/** @typedef {import("./stryker-run.mjs").MachineRun} MachineRun */
/** @typedef {import("./stryker-run.mjs").MutatedPlace} MutatedPlace */
/** @typedef {import("./equivalent.mjs").EquivalentMutant} EquivalentMutant */

/** @param {MachineRun} run @param {MutatedPlace["outcome"]} outcome @returns {number} how many have it */
export function countOf({ mutants }, outcome) {
  return mutants.filter((mutant) => mutant.outcome === outcome).length;
}

/**
 * @param {number} found mutants
 * @param {number} all those that can be found
 * @returns {number} percent, in tenths, rounded down
 */
export function percent(found, all) {
  return Math.floor((1000 * found) / all) / 10;
}

/** @param {readonly EquivalentMutant[]} known @returns {number} how many mutants they are */
export function countTimes(known) {
  return known.reduce((sum, { times = 1 }) => sum + times, 0);
}

/** @param {MachineRun} run @param {number} equivalent how many of its mutants no test can find @returns {number} percent of the others that tests have found */
export function scoreOf(run, equivalent) {
  const found = run.mutants.length - countOf(run, "survived");
  return percent(found, run.mutants.length - equivalent);
}

/** @param {string} code @returns {string} */
function oneLine(code) {
  return code.replaceAll(/\s+/g, " ");
}

/** @param {MutatedPlace} mutant @returns {string} for a terminal */
function describe({ lineNumber, line, from, to }) {
  return `line ${lineNumber}: ${line}\n  ${oneLine(from)}\n  → ${oneLine(to)}`;
}

/** @param {MutatedPlace} mutant @param {EquivalentMutant} known @returns {boolean} whether it is that one */
function isSame({ line, from, to }, known) {
  return known.line === line && known.from === oneLine(from) && known.to === oneLine(to);
}

/**
 * @param {MachineRun} run
 * @param {readonly EquivalentMutant[]} known those of this machine
 * @returns {string[]} problems: a score below the bar; of credit and resume, a survivor that nobody has explained; an explained one that
 *   is not there any more, stands there more often, or was found
 */
export function judgeRun(run, known) {
  const { machine, mutants } = run;
  const score = scoreOf(run, countTimes(known));
  const bar = bars[machine.kind];
  const unexplained = mutants.filter(
    (mutant) => mutant.outcome === "survived" && !known.some((one) => isSame(mutant, one)),
  );
  const isLookedAt = machine.kind === "credit and resume";
  return [
    ...(mutants.length === 0 ? ["it has no mutants"] : []),
    ...(score < bar ? [`its score is ${score} %, below ${bar} %`] : []),
    ...(isLookedAt ? unexplained : []).map((mutant) => `survives unexplained, ${describe(mutant)}`),
    ...known.flatMap((one) => staleness(mutants, one)),
  ];
}

/** @param {readonly MutatedPlace[]} mutants @param {EquivalentMutant} known @returns {string[]} what is wrong with calling it equivalent */
function staleness(mutants, known) {
  const same = mutants.filter((mutant) => isSame(mutant, known));
  const text = `${known.line}\n  ${known.from}\n  → ${known.to}`;
  const { times = 1 } = known;
  if (same.length !== times) {
    return [`is called equivalent, and stands there ${same.length} times instead of ${times}: ${text}`];
  }
  const isFound = same.some(({ outcome }) => outcome !== "survived");
  return isFound ? [`is called equivalent, and is found by a test: ${text}`] : [];
}

/** @param {MachineRun} run @returns {string} its survivors, for a terminal */
export function describeSurvivors({ mutants }) {
  return mutants
    .filter(({ outcome }) => outcome === "survived")
    .map(describe)
    .join("\n");
}
