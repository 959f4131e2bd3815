/** The conformance suite over TCP with the `json` codec. */
import { jsonCodec } from "@sluice/protocol/wire";
import { socketSuite } from "./socket-suite.ts";

socketSuite({ scheme: "tcp", codec: jsonCodec });
