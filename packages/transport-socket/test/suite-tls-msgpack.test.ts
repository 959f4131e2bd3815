/** The conformance suite over TLS with the `msgpack` codec and client certificates. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { socketSuite } from "./socket-suite.ts";

socketSuite({ scheme: "tls", codec: msgpackCodec });
