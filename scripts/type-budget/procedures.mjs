/**
 * Ten realistic procedures that the type budget repeats: a definition, a handler that reads it, calls that read it.
 *
 * Each has about 1.2 KB of JSON, of what real protocols are made: nested objects, enums, discriminated unions, references,
 * recursion, `allOf`, `if`, nullable values, maps, tuples and bytes.
 */
import { configure, create, route, search, tree } from "./requests.mjs";
import { follow, join, record, sample, upload } from "./streams.mjs";

/**
 * @typedef {object} Procedure
 * @property {string} verb the last segment of its name
 * @property {Record<string, unknown>} definition
 * @property {string} handler source of a function
 * @property {(name: string) => string} call source of statements that call it by name, with `client`
 * @property {(path: string) => string} proxyCall the same through the proxy, of which `path` is a member
 */

/** @type {readonly Procedure[]} */
export const procedures = [create, search, follow, join, upload, sample, tree, configure, record, route];
