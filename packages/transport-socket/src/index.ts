/** The door of `@sluice/transport-socket`. */
export { listenerFromAddress, transportFromAddress } from "./by-address.ts";
export { type ListenSocketOptions, listenSocket } from "./listen-socket.ts";
export { SocketTransport, type SocketTransportOptions } from "./socket-transport.ts";
