/** The conformance suite over WebSockets with the `msgpack` codec. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { websocketSuite } from "./websocket-suite.ts";

websocketSuite({ codec: msgpackCodec });
