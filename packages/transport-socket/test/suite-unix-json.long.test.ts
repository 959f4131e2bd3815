/** The conformance suite over Unix sockets with the `json` codec. */
import { jsonCodec } from "@sluice/protocol/wire";
import { socketSuite } from "./socket-suite.ts";

socketSuite({ scheme: "unix", codec: jsonCodec });
