/**
 * The types of handlers: one function per procedure, which takes one context object and returns the result.
 *
 * `Context` is what the server's `context` option makes for each connection; handlers that do not use it leave it out. A
 * server infers it where that option is a function whose parameters, if any, are annotated.
 */
import type { Api, TypedCalls } from "./call-types.ts";
import type { HandedItems } from "./handed-items.ts";
import type { ProcedureKind } from "./kinds.ts";
import type { PeerCertificate } from "./peer-certificate.ts";
import type { ProtocolDefinition } from "./protocol-definition.ts";
import type {
  CursorOf,
  DataOf,
  ErrorCodeOf,
  ErrorDataOf,
  KindOf,
  ParamOf,
  ReceiveOf,
  ResultOf,
  SendOf,
} from "./protocol-types.ts";
import type { Service } from "./service.ts";

/** The connection that a call came over. */
export interface Connection {
  readonly id: string;
  /** The transport's name: `unix`, `tcp`, `ws`, `memory`… */
  readonly transport: string;
  /** The peer's address, if the transport has one. */
  readonly remote: string | undefined;
  /** The certificate that the peer has shown and the transport has verified: TLS with client certificates. */
  readonly peerCertificate?: PeerCertificate | undefined;
}

/** Where a handler and the toolkit write what people should read. `fields` are facts for machines. */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogFields {
  readonly [name: string]: unknown;
}

/** Calls the peer that called: by name without types, or with those of a protocol that the peer serves. */
export interface PeerClient extends TypedCalls<ProtocolDefinition> {
  service<const Protocol>(served: Protocol | Service<Protocol>): Api<Protocol>;
}

/** What every handler is given. */
export interface HandlerContext<Protocol, Procedure extends keyof Protocol, Context = unknown> {
  /** Aborts with the reason `"stop"`, `"cancelled"`, `"deadline"`, `"disconnected"` or `"shutdown"`. */
  readonly signal: AbortSignal;
  /** What the server's `context` option made. */
  readonly context: Context;
  /** What `authenticate` returned. */
  readonly identity: unknown;
  readonly connection: Connection;
  /** What the caller attached to the call. */
  readonly metadata: { readonly [name: string]: string };
  /** Milliseconds left, at the moment of reading; `undefined` without a deadline. */
  readonly deadline: number | undefined;
  /** Where the caller's last item stood, when it reopens a lost stream. */
  readonly cursor: CursorOf<Protocol, Procedure> | undefined;
  readonly log: Logger;
  readonly client: PeerClient;
  readonly fail: Fail<Protocol, Procedure>;
}

/** Ends a call with a declared error: `return fail("NO_STOCK", { left: 0 })`. It throws, so nothing after it runs. */
export type Fail<Protocol, Procedure extends keyof Protocol> = <
  Code extends ErrorCodeOf<Protocol, Procedure>,
>(
  code: Code,
  ...details: FailDetails<ErrorDataOf<Protocol, Procedure, Code>>
) => never;

/** The data of an error that has some, then a message for people. */
export type FailDetails<Data> = undefined extends Data
  ? [data?: Data, message?: string]
  : [data: Data, message?: string];

/** What the handler of a request is given. */
export interface RequestContext<Protocol, Procedure extends keyof Protocol, Context = unknown>
  extends HandlerContext<Protocol, Procedure, Context> {
  readonly param: ParamOf<Protocol, Procedure>;
}

/** What the handler of a stream is given. */
export interface StreamContext<Protocol, Procedure extends keyof Protocol, Context = unknown>
  extends RequestContext<Protocol, Procedure, Context> {
  /** Takes the items that the client receives; closes when the handler ends. A write waits for the reader. */
  readonly writable: WritableStream<ReceiveOf<Protocol, Procedure>>;
}

/** What the handler of an upload is given: of a channel without `receive`. */
export interface UploadContext<Protocol, Procedure extends keyof Protocol, Context = unknown>
  extends RequestContext<Protocol, Procedure, Context> {
  /** The items that the client sends. */
  readonly readable: ReadableStream<SendOf<Protocol, Procedure>> & AsyncIterable<SendOf<Protocol, Procedure>>;
}

/** What the handler of a channel is given. */
export interface ChannelContext<Protocol, Procedure extends keyof Protocol, Context = unknown>
  extends StreamContext<Protocol, Procedure, Context>,
    UploadContext<Protocol, Procedure, Context> {}

/** What the handler of an event is given. */
export interface EventContext<Protocol, Procedure extends keyof Protocol, Context = unknown>
  extends HandlerContext<Protocol, Procedure, Context> {
  readonly data: DataOf<Protocol, Procedure>;
}

/** `StreamContext`, `UploadContext` or `ChannelContext`, by the slots that the channel has. */
export type ChannelContextOf<
  Protocol,
  Procedure extends keyof Protocol,
  Context,
> = Protocol[Procedure] extends { readonly receive: unknown }
  ? Protocol[Procedure] extends { readonly send: unknown }
    ? ChannelContext<Protocol, Procedure, Context>
    : StreamContext<Protocol, Procedure, Context>
  : UploadContext<Protocol, Procedure, Context>;

/**
 * A result that a handler with items returns. One of which nothing is known must not be an async iterable: that is a
 * generator, whose items are checked.
 */
export type Settled<Result> = unknown extends Result ? NotIterable : Result;

export type NotIterable =
  | (object & { readonly [Symbol.asyncIterator]?: never })
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined;

/** Returns the result, or throws: `RequestHandler<typeof shop, "orders/place">`. */
export type RequestHandler<Protocol, Procedure extends keyof Protocol, Context = unknown> = (
  context: RequestContext<Protocol, Procedure, Context>,
) => ResultOf<Protocol, Procedure> | Promise<ResultOf<Protocol, Procedure>>;

/**
 * Writes items to `writable` and returns the result, or is an async generator that yields them; without a result it may return a
 * subscription.
 */
export type StreamHandler<Protocol, Procedure extends keyof Protocol, Context = unknown> = (
  context: StreamContext<Protocol, Procedure, Context>,
) => ItemHandlerResult<Protocol, Procedure>;

/** Reads `readable`, and sends like a {@link StreamHandler}. */
export type ChannelHandler<Protocol, Procedure extends keyof Protocol, Context = unknown> = (
  context: ChannelContextOf<Protocol, Procedure, Context>,
) => ItemHandlerResult<Protocol, Procedure>;

export type ItemHandlerResult<Protocol, Procedure extends keyof Protocol> =
  | Settled<ResultOf<Protocol, Procedure>>
  | Promise<Settled<ResultOf<Protocol, Procedure>>>
  | AsyncGenerator<ReceiveOf<Protocol, Procedure>, ResultOf<Protocol, Procedure>, void>
  | HandedItemsOf<ResultOf<Protocol, Procedure>, ReceiveOf<Protocol, Procedure>>;

/** A subscription brings items and no result. */
type HandedItemsOf<Result, Item> = undefined extends Result ? HandedItems<Item> : never;

/** Takes the event. What it throws is logged, since nobody waits for an answer. */
export type EventHandler<Protocol, Procedure extends keyof Protocol, Context = unknown> = (
  context: EventContext<Protocol, Procedure, Context>,
) => void | Promise<void>;

/** The handler of a procedure, by its kind. */
export type HandlerOf<Protocol, Procedure extends keyof Protocol, Context = unknown> =
  ProcedureKind extends KindOf<Protocol, Procedure>
    ? string extends Procedure
      ? UntypedHandler<Context>
      : UndecidedHandler<Context>
    : HandlersByKind<Protocol, Procedure, Context>[KindOf<Protocol, Procedure>];

interface HandlersByKind<Protocol, Procedure extends keyof Protocol, Context> {
  readonly request: RequestHandler<Protocol, Procedure, Context>;
  readonly stream: StreamHandler<Protocol, Procedure, Context>;
  readonly channel: ChannelHandler<Protocol, Procedure, Context>;
  readonly event: EventHandler<Protocol, Procedure, Context>;
}

/** What a handler is given of whose procedure nothing is known. */
export interface UntypedContext<Context>
  extends ChannelContext<ProtocolDefinition, string, Context>,
    EventContext<ProtocolDefinition, string, Context> {}

/** The handler of a protocol that is known at run time only. */
export type UntypedHandler<Context> = (context: UntypedContext<Context>) => unknown;

/**
 * What a named handler looks like before its protocol is inferred. The compiler looks at inline handlers without parameters
 * that early, and what they return must keep its literals: `() => ({ status: "ok" })` would else return any string.
 */
type UndecidedHandler<Context> = (
  context: UntypedContext<Context>,
) =>
  | Undecided
  | void
  | Promise<Undecided>
  | Promise<void>
  | AsyncGenerator<Undecided, Undecided, void>
  | AsyncGenerator<Undecided, void, void>;

type Undecided =
  | ""
  | (string & {})
  | 0
  | (number & {})
  | bigint
  | boolean
  | null
  | undefined
  | object
  | Undecided[]
  | { readonly [name: string]: Undecided };

/** A handler for every procedure. */
export type HandlersOf<Protocol, Context = unknown> = {
  readonly [Procedure in keyof Protocol]-?: HandlerOf<Protocol, Procedure, Context>;
};
