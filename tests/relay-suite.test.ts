/**
 * The conformance suite through one relay and through three: every case that is not about bare links gives what it gives directly.
 *
 * Each way once, with one number of relays or the other; tests/long/relay-suite.test.ts has the others.
 */
import { relaySuite } from "./relay-suite.ts";

relaySuite({ over: "unix", relays: 3 });
relaySuite({ over: "memory", relays: 1 });
relaySuite({ over: "memory, cloned", relays: 3 });
