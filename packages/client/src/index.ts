/** The door of `@sluice/client`. */
export { type CallerMiddleware, type CallInfo, register } from "@sluice/protocol/wire";
export type { ClientEvents } from "./bare-client.ts";
export { Client } from "./client.ts";
export type { ClientHandlers, ClientOptions, ClientTransport } from "./client-options.ts";
export { type ConnectUrlOptions, connect } from "./connect.ts";
export type { ClientStatus, Credentials } from "./connection.ts";
export { type ReconnectOptions, ReconnectPolicy } from "./reconnect-policy.ts";
