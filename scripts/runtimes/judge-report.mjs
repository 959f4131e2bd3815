/**
 * Judges what a runtime reports: every case holds, and every engine says what the closures say on this Node.
 */

/** @typedef {import("../check-run.mjs").Check} Check */
/** @typedef {import("./runtime.mjs").Ran} Ran */
/** @typedef {import("./runtime.mjs").CaseOutcome} CaseOutcome */

/** Lines of differing verdicts that are shown. */
const mostShown = 5;

/**
 * @param {string} name
 * @param {Ran} ran
 * @param {Ran} reference of this Node
 * @returns {Check[]} one for each case of each link, and the engines
 */
export function judge(name, { report, problems = [] }, reference) {
  const cases = namesOf(reference.report.cases);
  return [
    { name: `${name}, links`, problems: Object.keys(report.calls).length > 0 ? [] : ["there are none"] },
    ...Object.entries(report.calls).flatMap(([link, outcomes]) =>
      judgeLink(`${name}, ${link}`, outcomes, cases),
    ),
    { name: `${name}, validation`, problems: [...verdictProblems(report.verdicts, reference), ...problems] },
  ];
}

/** @param {readonly { name: string }[]} outcomes @returns {string[]} */
function namesOf(outcomes) {
  return outcomes.map(({ name }) => name);
}

/** @param {string} link @param {readonly CaseOutcome[]} outcomes @param {readonly string[]} cases @returns {Check[]} */
function judgeLink(link, outcomes, cases) {
  const absent = cases.filter((name) => !namesOf(outcomes).includes(name));
  return [
    ...outcomes.map(({ name, problem }) => ({
      name: `${link}: ${name}`,
      problems: problem === undefined ? [] : [problem],
    })),
    ...absent.map((name) => ({ name: `${link}: ${name}`, problems: ["did not run"] })),
  ];
}

/** @param {import("./runtime.mjs").Verdicts} verdicts @param {Ran} reference @returns {string[]} */
function verdictProblems(verdicts, reference) {
  const { engines, passed } = reference.report.verdicts;
  const expected = engines.closures ?? [];
  const wrong = Object.entries(verdicts.engines).flatMap(([engine, lines]) => {
    const differing = lines.filter((line, at) => line !== expected[at]);
    const shown = differing.slice(0, mostShown).map((line) => `${engine} says ${line}`);
    return lines.length === expected.length ? shown : [`${engine} gives ${lines.length} verdicts`, ...shown];
  });
  return [
    ...(expected.length === 0 ? ["there are no verdicts to compare with"] : []),
    ...wrong,
    ...verdicts.failed.map((title) => `fails ${title}`),
    ...(verdicts.passed === passed
      ? []
      : [`passes ${verdicts.passed} tests of validatorSuite, not ${passed}`]),
    ...verdicts.printed.map((line) => `writes to the console: ${line}`),
  ];
}
