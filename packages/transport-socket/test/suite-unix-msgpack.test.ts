/** The conformance suite over Unix sockets with the `msgpack` codec. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { socketSuite } from "./socket-suite.ts";

socketSuite({ scheme: "unix", codec: msgpackCodec });
