/**
 * What a runtime is to the driver of the call suite, and what comes back from it.
 */

/** @typedef {{ name: string, problem?: string }} CaseOutcome */

/**
 * @typedef {object} Verdicts
 * @property {Record<string, readonly string[]>} engines what each engine says, in lines
 * @property {number} passed tests of validatorSuite
 * @property {readonly string[]} failed
 * @property {readonly string[]} printed
 */

/** @typedef {{ cases: readonly { name: string, shows: string }[], calls: Record<string, readonly CaseOutcome[]>, verdicts: Verdicts }} Report */

/**
 * @typedef {object} Ran
 * @property {string} version
 * @property {Report} report
 * @property {readonly string[]} [problems] of what only this runtime shows
 */

/**
 * @typedef {object} Workshop
 * @property {string} project folder with the packed packages
 * @property {(name: string) => string} programOf the path of a program of the suite
 */

/**
 * @typedef {object} Runtime
 * @property {string} name as in the table
 * @property {string} from where it comes from
 * @property {string} [command] what must be on the PATH; without it the runtime comes from tools/runtimes
 * @property {(workshop: Workshop) => Promise<Ran>} run rejects if there is no report
 */

export {};
