/** The conformance suite over WebSockets whose bytes are counted on their way. */
import { jsonCodec } from "@sluice/protocol/wire";
import { websocketSuite } from "./websocket-suite.ts";

websocketSuite({ codec: jsonCodec, isProxied: true });
