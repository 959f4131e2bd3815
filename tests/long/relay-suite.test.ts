/** The conformance suite through relays, where tests/relay-suite.test.ts does not have it. */
import { relaySuite } from "../relay-suite.ts";

relaySuite({ over: "unix", relays: 1 });
relaySuite({ over: "memory", relays: 3 });
relaySuite({ over: "memory, cloned", relays: 1 });
