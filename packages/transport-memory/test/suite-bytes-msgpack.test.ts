/** The conformance suite over memory whose frames are bytes, with the `msgpack` codec. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { memorySuite } from "./memory-suite.ts";

memorySuite("bytes", msgpackCodec);
