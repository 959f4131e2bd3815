/** The door of `@sluice/transport-http`. */
export { transportFromAddress } from "./by-address.ts";
export {
  ClientTransport,
  type ClientTransportOptions,
  type Degradation,
  type Fetch,
  type RequestHeaders,
} from "./client-transport.ts";
export type { DirectCaller } from "./direct-call.ts";
export { codeOfStatus, statusOfCode } from "./http-status.ts";
export { ServerTransport, type ServerTransportOptions } from "./server-transport.ts";
