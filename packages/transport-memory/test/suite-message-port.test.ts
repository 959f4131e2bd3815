/** The conformance suite over MessagePorts. */
import { portSuite } from "./port-suite.ts";

portSuite("message port", (port) => port);
