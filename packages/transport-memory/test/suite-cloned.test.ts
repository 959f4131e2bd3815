/** The conformance suite over memory whose values are cloned. */
import { memorySuite } from "./memory-suite.ts";

memorySuite("cloned");
