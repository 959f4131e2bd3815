/**
 * All mutants that the suite has to find.
 */
import { calls } from "./calls.mjs";
import { flowControl } from "./flow-control.mjs";
import { foundSessions } from "./found-sessions.mjs";
import { limits } from "./limits.mjs";
import { links } from "./links.mjs";
import { sessions } from "./sessions.mjs";

/** @typedef {import("./mutant.mjs").Mutant} Mutant */

/** Those of what the models of tests/models are about. @type {readonly Mutant[]} */
export const modelled = [...flowControl, ...foundSessions, ...sessions, ...calls];

/** @type {readonly Mutant[]} */
export const mutants = [...modelled, ...limits, ...links];
