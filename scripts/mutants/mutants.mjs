/**
 * All mutants that the suite has to find.
 */
import { calls } from "./calls.mjs";
import { flowControl } from "./flow-control.mjs";
import { foundSessions } from "./found-sessions.mjs";
import { limits } from "./limits.mjs";
import { links } from "./links.mjs";
import { sessions } from "./sessions.mjs";

/** @type {readonly import("./mutant.mjs").Mutant[]} */
export const mutants = [...flowControl, ...foundSessions, ...sessions, ...calls, ...limits, ...links];
