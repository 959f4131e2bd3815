/** The door of `@sluice/transport-memory`. */
export { listenerFromAddress, transportFromAddress } from "./by-address.ts";
export { type MemoryTransport, type MemoryTransportOptions, memoryTransport } from "./memory-transport.ts";
export { type MessagePortTransportOptions, messagePortTransport } from "./message-port-transport.ts";
export type { EmitterPort, EventPort, MessagePortLike } from "./port-like.ts";
export { type StandaloneOptions, standalone } from "./standalone.ts";
