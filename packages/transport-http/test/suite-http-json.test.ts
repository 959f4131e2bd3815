/** The conformance suite over HTTP and server-sent events with the `json` codec, by the means of Node. */
import { jsonCodec } from "@sluice/protocol/wire";
import { httpSuite } from "./http-suite.ts";

httpSuite(jsonCodec, "node");
