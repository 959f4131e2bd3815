/** The conformance suite over WebSockets with the `json` codec. */
import { jsonCodec } from "@sluice/protocol/wire";
import { websocketSuite } from "./websocket-suite.ts";

websocketSuite({ codec: jsonCodec });
