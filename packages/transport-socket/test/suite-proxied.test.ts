/** The conformance suite over sockets whose bytes are counted on their way. */
import { jsonCodec } from "@sluice/protocol/wire";
import { socketSuite } from "./socket-suite.ts";

socketSuite({ scheme: "unix", codec: jsonCodec, isProxied: true });
socketSuite({ scheme: "tcp", codec: jsonCodec, isProxied: true });
