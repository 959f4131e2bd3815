/** The door of `@sluice/server`. */
export type {
  ChannelContext,
  ChannelHandler,
  Connection,
  EventContext,
  EventHandler,
  HandlerOf,
  HandlersOf,
  Logger,
  PeerClient,
  RequestContext,
  RequestHandler,
  StreamContext,
  StreamHandler,
  UploadContext,
} from "@sluice/protocol";
export { type HandlerMiddleware, register, type ServedCall } from "@sluice/protocol/wire";
export type { AccessPredicate, AccessRequest, AccessRule, AccessRules } from "./access.ts";
export { bind } from "./bind.ts";
export { type Broadcast, type BroadcastOptions, broadcast, type SubscribeOptions } from "./broadcast.ts";
export type { ServerEvents } from "./lifecycle.ts";
export type { MethodOf, MethodsOf } from "./methods-of.ts";
export { type DrainOptions, Server } from "./server.ts";
export type { ServerConnection } from "./server-connection.ts";
export type { Authenticate, MakeContext, ServerOptions } from "./server-options.ts";
export { type ServedService, serve } from "./service-registry.ts";
export type { Overflow } from "./subscriber-queue.ts";
export type { Subscription } from "./subscription.ts";
