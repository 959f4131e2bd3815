/** The conformance suite over TCP with the `msgpack` codec. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { socketSuite } from "./socket-suite.ts";

socketSuite({ scheme: "tcp", codec: msgpackCodec });
