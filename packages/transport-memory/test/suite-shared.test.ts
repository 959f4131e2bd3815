/** The conformance suite over memory whose values are shared. */
import { memorySuite } from "./memory-suite.ts";

memorySuite("shared");
