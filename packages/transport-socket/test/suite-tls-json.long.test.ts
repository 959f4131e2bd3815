/** The conformance suite over TLS with the `json` codec and client certificates. */
import { jsonCodec } from "@sluice/protocol/wire";
import { socketSuite } from "./socket-suite.ts";

socketSuite({ scheme: "tls", codec: jsonCodec });
