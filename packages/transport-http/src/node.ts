/** The door of `@sluice/transport-http` on Node: the names of index.ts, and listeners over Node's HTTP servers. */
export type { ClientTransportOptions, Degradation, Fetch, RequestHeaders } from "./client-transport.ts";
export type { DirectCaller } from "./direct-call.ts";
export { codeOfStatus, statusOfCode } from "./http-status.ts";
export { listenerFromAddress } from "./listen-by-address.ts";
export { type HttpTlsOptions, type ListenHttpOptions, listenHttp } from "./listen-http.ts";
export { transportFromAddress } from "./node-by-address.ts";
export { NodeClientTransport as ClientTransport } from "./node-client-transport.ts";
export { type FetchHandler, nodeHandler } from "./node-handler.ts";
export { ServerTransport, type ServerTransportOptions } from "./server-transport.ts";
