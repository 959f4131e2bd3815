/** A relay in a process of its own: listens at its first argument, and passes everything on to the second. */
import { Relay } from "@sluice/protocol/wire";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";

const [, , path = "", socket = ""] = process.argv;
const relay = new Relay({ to: new SocketTransport({ socket }) });
await listenSocket({ path }).listen((link) => void relay.accept(link));
process.on("message", () => process.send?.({ connections: relay.connections, openCalls: relay.openCalls }));
process.send?.("listening");
