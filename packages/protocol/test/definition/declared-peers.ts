/**
 * Client, Server and transports as declarations: what type tests compile against.
 *
 * They show how a class takes its protocol from a value, or from the type parameters of a transport.
 */
import type { Api, TypedCalls } from "../../src/definition/call-types.ts";
import type { Connection, HandlersOf } from "../../src/definition/handler-types.ts";
import type { MovedMessages, ToClient, ToServer } from "../../src/definition/message-types.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import type { Service } from "../../src/definition/service.ts";

export interface Transport<Incoming = never, Outgoing = never> extends MovedMessages<Incoming, Outgoing> {
  dispose(): Promise<void>;
}

export declare class SocketTransport<Incoming = never, Outgoing = never>
  implements Transport<Incoming, Outgoing>
{
  declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"];
  constructor(options: { readonly socket: unknown });
  dispose(): Promise<void>;
}

/** A transport that is told the protocol instead of the messages. */
export declare class HttpTransport<Protocol = never>
  implements Transport<ToClient<Protocol>, ToServer<Protocol>>
{
  declare readonly "~sluice"?: MovedMessages<ToClient<Protocol>, ToServer<Protocol>>["~sluice"];
  constructor(options: { readonly url: string });
  dispose(): Promise<void>;
}

export interface ClientOptions<Protocol> {
  readonly protocol?: Protocol;
  readonly transport: Transport<ToClient<Protocol>, ToServer<Protocol>>;
}

export interface Client<Protocol> extends TypedCalls<Protocol> {
  readonly api: Api<Protocol>;
  service<const Served>(served: Served | Service<Served>): Api<Served>;
  dispose(): Promise<void>;
}

export declare class Client<const Protocol = ProtocolDefinition> {
  constructor(options: ClientOptions<Protocol>);
}

export interface ServerOptions<Protocol, Context> {
  readonly protocol: Protocol;
  readonly transport?: Transport<ToServer<Protocol>, ToClient<Protocol>>;
  readonly public?: boolean;
  readonly context?: (connection: Connection, identity: unknown) => Context | Promise<Context>;
  readonly handlers: HandlersOf<Protocol, NoInfer<Context>>;
}

export declare class Server<const Protocol extends ProtocolDefinition, Context = unknown> {
  constructor(options: ServerOptions<Protocol, Context>);
  dispose(): Promise<void>;
}
