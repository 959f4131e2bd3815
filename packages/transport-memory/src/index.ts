/** The door of `@sluice/transport-memory`. */
export { listenerFromAddress, transportFromAddress } from "./by-address.ts";
export { type MemoryTransport, type MemoryTransportOptions, memoryTransport } from "./memory-transport.ts";
