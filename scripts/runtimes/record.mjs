/**
 * What is kept of a run of the suite, and how a later run differs from it.
 */

/** @typedef {import("./runtime.mjs").Ran} Ran */

/**
 * @typedef {object} RecordedRuntime
 * @property {string} name
 * @property {string} version
 * @property {string} from where it came from
 * @property {readonly string[]} links over which every case holds
 * @property {readonly string[]} engines that gave the verdicts
 */

/**
 * @typedef {object} Recorded
 * @property {readonly { name: string, shows: string }[]} cases
 * @property {number} verdicts of each engine
 * @property {number} tests of validatorSuite
 * @property {readonly RecordedRuntime[]} runtimes
 */

/**
 * @param {readonly { name: string, from: string, ran: Ran }[]} all runtimes in which everything holds, this Node first
 * @returns {Recorded}
 */
export function recordOf(all) {
  const [first] = all;
  if (first === undefined) throw new Error("Nothing ran");
  const { cases, verdicts } = first.ran.report;
  return {
    cases,
    verdicts: verdicts.engines.closures?.length ?? 0,
    tests: verdicts.passed,
    runtimes: all.map(({ name, from, ran: { version, report } }) => ({
      name,
      version,
      from,
      links: Object.keys(report.calls),
      engines: Object.keys(report.verdicts.engines),
    })),
  };
}

/**
 * What differs besides versions. A runtime that was not run is not compared.
 *
 * @param {Recorded} recorded
 * @param {Recorded} current
 * @returns {string[]}
 */
export function differences(recorded, current) {
  /** @type {(what: string, before: unknown, now: unknown) => string[]} */
  const compare = (what, before, now) => {
    const [was, is] = [JSON.stringify(before), JSON.stringify(now)];
    return was === is ? [] : [`${what}: recorded is ${was}, now it is ${is}`];
  };
  return [
    ...compare("cases", recorded.cases, current.cases),
    ...compare("verdicts", recorded.verdicts, current.verdicts),
    ...compare("tests of validatorSuite", recorded.tests, current.tests),
    ...current.runtimes.flatMap(({ name, links, engines }) => {
      const before = recorded.runtimes.find((one) => one.name === name);
      if (before === undefined) return [`${name} is not recorded`];
      return [
        ...compare(`links of ${name}`, before.links, links),
        ...compare(`engines of ${name}`, before.engines, engines),
      ];
    }),
  ];
}
