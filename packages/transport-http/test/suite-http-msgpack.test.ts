/** The conformance suite over HTTP and server-sent events with the `msgpack` codec, by the means of the standard. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { httpSuite } from "./http-suite.ts";

httpSuite(msgpackCodec, "standard");
