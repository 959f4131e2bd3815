/** The door of `@sluice/transport-socket`. */
export { listenerFromAddress, transportFromAddress } from "./by-address.ts";
export { type ChildProcessTransportOptions, childProcessTransport } from "./child-process-transport.ts";
export { listenSocket, type SocketListener } from "./listen-socket.ts";
export { type OpenPipeOptions, openPipe } from "./open-pipe.ts";
export type { Pipe } from "./pipe.ts";
export type { PipeOptions } from "./pipe-options.ts";
export { type PipeServer, type ServedPipe, type ServePipeOptions, servePipe } from "./serve-pipe.ts";
export type { ListenSocketOptions } from "./socket-server.ts";
export { SocketTransport, type SocketTransportOptions } from "./socket-transport.ts";
export { stdioTransport } from "./stdio-transport.ts";
export type { TlsServerOptions } from "./tls-context.ts";
