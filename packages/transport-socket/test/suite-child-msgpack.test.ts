/** The conformance suite over the pipes of a child process with the `msgpack` codec. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { childSuite } from "./child-suite.ts";

childSuite(msgpackCodec);
