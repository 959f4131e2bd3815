/** The conformance suite over the pipes of a child process with the `json` codec. */
import { jsonCodec } from "@sluice/protocol/wire";
import { childSuite } from "./child-suite.ts";

childSuite(jsonCodec);
