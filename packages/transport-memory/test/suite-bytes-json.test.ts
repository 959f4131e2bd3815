/** The conformance suite over memory whose frames are bytes, with the `json` codec. */
import { jsonCodec } from "@sluice/protocol/wire";
import { memorySuite } from "./memory-suite.ts";

memorySuite("bytes", jsonCodec);
