/** The conformance suite through one relay and through three: every case that is not about bare links gives what it gives directly. */
import { relaySuite } from "./relay-suite.ts";

for (const over of ["unix", "memory", "memory, cloned"] as const) {
  for (const relays of [1, 3]) relaySuite({ over, relays });
}
