/**
 * The types of calls: what a client offers for a protocol, by name ({@link TypedCalls}) and as a proxy ({@link Api}).
 */
/// <reference lib="esnext.disposable" preserve="true" />
import type {
  DataOf,
  KindOf,
  ParamOf,
  ProcedureNames,
  ReceiveOf,
  ResultOf,
  SendOf,
  ValueOf,
} from "./protocol-types.ts";
import type { RetryOptions } from "./retry-options.ts";

/** What may be said about any call. */
export interface CallOptions {
  /** Aborting it gives the call up. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call fails with DEADLINE_EXCEEDED. Default: the client's. */
  readonly timeout?: number | undefined;
  /** Milliseconds without an item after which the call fails. Default: the client's. */
  readonly idleTimeout?: number | undefined;
  /** Fail at once instead of waiting for a connection. Default: the client's. */
  readonly failFast?: boolean | undefined;
  /**
   * How the call is repeated that failed and may be; `false`: not at all. Default: the client's. A server's calls to its client are
   * never repeated.
   */
  readonly retry?: false | RetryOptions | undefined;
  /** At most 64 texts, which the handler sees. Names do not begin with `$`. */
  readonly metadata?: { readonly [name: string]: string } | undefined;
}

/** Options of a call whose procedure has a param. */
export interface ParamOptions<Param> extends CallOptions {
  readonly param: Param;
}

/** Options of a call whose param may be left out. */
export interface NoParamOptions<Param> extends CallOptions {
  readonly param?: Param | undefined;
}

/** What an upload may take its items from. */
export interface SourceOptions<Send> {
  /** Sent item by item, as fast as the handler reads; then the sending side closes. */
  readonly send?: AsyncIterable<Send> | ReadableStream<Send> | undefined;
}

/** Options of an event that has data. */
export interface DataOptions<Data> extends CallOptions {
  readonly data: Data;
}

/** Options of an event whose data may be left out. */
export interface NoDataOptions<Data> extends CallOptions {
  readonly data?: Data | undefined;
}

/** The second argument of `request` and `stream`, which may be left out when the param may. */
export type CallArguments<Param> = undefined extends Param
  ? [options?: NoParamOptions<Param>]
  : [options: ParamOptions<Param>];

/** The second argument of `channel`. */
export type ChannelArguments<Param, Send> = undefined extends Param
  ? [options?: NoParamOptions<Param> & SourceOptions<Send>]
  : [options: ParamOptions<Param> & SourceOptions<Send>];

/** The second argument of `event`. */
export type EventArguments<Data> = undefined extends Data
  ? [options?: NoDataOptions<Data>]
  : [options: DataOptions<Data>];

/** How much of a call is on its way. */
export interface CallStats {
  /** Bytes that may be sent before the peer has to grant more. */
  readonly credit: number;
  /** Bytes that have arrived and that nobody has read. */
  readonly buffered: number;
  /** Items that have arrived. */
  readonly received: number;
  /** Items that were sent. */
  readonly sent: number;
}

/**
 * A call whose items are read. `for await` takes them; `await` gives the result. It is thenable: returned from an `async`
 * function it would be awaited, so return `{ call }` or `call.readable`.
 */
export interface StreamCall<Receive, Result> extends PromiseLike<Result> {
  /** For logs and the inspector. */
  readonly id: string;
  /** The items, in order; ends with the call, and fails with its error. */
  readonly readable: ReadableStream<Receive> & AsyncIterable<Receive>;
  /** The result. Nobody has to handle its rejection as long as somebody reads. */
  readonly result: Promise<Result>;
  /** Aborts when the call has failed or was given up, with the error as its reason. */
  readonly signal: AbortSignal;
  readonly stats: CallStats;
  /** Asks the handler to finish; its result is still to come. Resolves when that was said. */
  close(): Promise<void>;
  /** Gives the call up: the result rejects with CANCELLED, and the handler's signal aborts. */
  abort(reason?: unknown): void;
  /** Takes the remaining items, drops them, and gives the result. */
  drain(): Promise<Result>;
  [Symbol.asyncIterator](): AsyncIterator<Receive, undefined, unknown>;
  /** Closes the call and waits for its end, whatever that is. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A call with items in both directions. */
export interface Call<Send, Receive, Result> extends StreamCall<Receive, Result> {
  /** Takes the items to send; a write waits for the reader. */
  readonly writable: WritableStream<Send>;
  /** Sends one item. Resolves when there is room for the next one. */
  send(item: Send): Promise<void>;
}

export type ChannelCall<Send, Receive, Result> = Call<Send, Receive, Result>;

/** What a client offers for `Protocol`: calls by name. */
export interface TypedCalls<Protocol> {
  /** Calls a request and gives its result. */
  request<Procedure extends ProcedureNames<Protocol, "request">>(
    name: Procedure,
    ...options: CallArguments<ParamOf<Protocol, Procedure>>
  ): Promise<ResultOf<Protocol, Procedure>>;
  /** Opens a stream. */
  stream<Procedure extends ProcedureNames<Protocol, "stream">>(
    name: Procedure,
    ...options: CallArguments<ParamOf<Protocol, Procedure>>
  ): StreamCall<ReceiveOf<Protocol, Procedure>, ResultOf<Protocol, Procedure>>;
  /** Opens a channel. */
  channel<Procedure extends ProcedureNames<Protocol, "channel">>(
    name: Procedure,
    ...options: ChannelArguments<ParamOf<Protocol, Procedure>, SendOf<Protocol, Procedure>>
  ): ChannelCall<SendOf<Protocol, Procedure>, ReceiveOf<Protocol, Procedure>, ResultOf<Protocol, Procedure>>;
  /** Sends an event. Resolves when its handler has it, not when that is done with it. */
  event<Procedure extends ProcedureNames<Protocol, "event">>(
    name: Procedure,
    ...options: EventArguments<DataOf<Protocol, Procedure>>
  ): Promise<void>;
}

/** The same as functions, along the names: `api.orders.place({ item: "pen" })` calls `orders/place`. */
export type Api<Protocol> = string extends keyof Protocol
  ? UntypedApi
  : ApiTree<Protocol, keyof Protocol & string, "">;

/** The proxy of a protocol that is known at run time only. */
export interface UntypedApi {
  (...args: unknown[]): Promise<unknown> | StreamCall<unknown, unknown>;
  readonly [segment: string]: UntypedApi;
}

/** Of `Names`, those that go on after `Prefix`; each member is made from the names of its group. */
type ApiTree<Protocol, Names extends keyof Protocol & string, Prefix extends string> = {
  readonly [Name in Names as Segment<Name, Prefix>]: ApiMember<
    Protocol,
    Name,
    `${Prefix}${Segment<Name, Prefix>}`
  >;
};

type Segment<Name, Prefix extends string> = Name extends `${Prefix}${infer Rest}`
  ? Rest extends `${infer Head}/${string}`
    ? Head
    : Rest
  : never;

/** A function where the path is a name, an object where it is the beginning of longer ones, or both. */
type ApiMember<Protocol, Names extends keyof Protocol & string, Path extends string> = [Names] extends [Path]
  ? ApiFunction<Protocol, Names>
  : Path extends Names
    ? ApiFunction<Protocol, Path> & ApiTree<Protocol, Names, `${Path}/`>
    : ApiTree<Protocol, Names, `${Path}/`>;

type ApiFunction<Protocol, Procedure extends keyof Protocol & string> = ApiFunctions<
  Protocol,
  Procedure
>[KindOf<Protocol, Procedure>];

interface ApiFunctions<Protocol, Procedure extends keyof Protocol> {
  readonly request: (
    ...args: ApiArguments<Protocol, Procedure, CallOptions>
  ) => Promise<ResultOf<Protocol, Procedure>>;
  readonly stream: (
    ...args: ApiArguments<Protocol, Procedure, CallOptions>
  ) => StreamCall<ReceiveOf<Protocol, Procedure>, ResultOf<Protocol, Procedure>>;
  readonly channel: (
    ...args: ApiArguments<Protocol, Procedure, CallOptions & SourceOptions<SendOf<Protocol, Procedure>>>
  ) => ChannelCall<
    SendOf<Protocol, Procedure>,
    ReceiveOf<Protocol, Procedure>,
    ResultOf<Protocol, Procedure>
  >;
  readonly event: (...args: OneArgument<DataOf<Protocol, Procedure>, CallOptions>) => Promise<void>;
}

/** The param, or the elements of a `prefixItems` param one by one; then options, unless the elements have no end. */
type ApiArguments<Protocol, Procedure extends keyof Protocol, Options> = Protocol[Procedure] extends {
  readonly param: infer Slot;
}
  ? IsPositional<Slot> extends true
    ? Elements<ArraysOf<Slot>, Options>
    : OneArgument<ValueOf<Slot>, Options>
  : OneArgument<undefined, Options>;

type IsPositional<Slot> = Slot extends { readonly prefixItems: readonly unknown[] }
  ? true
  : keyof Slot & ("~standard" | "~sluice") extends never
    ? false
    : IsTuple<ValueOf<Slot>>;

type IsTuple<Value> = Value extends readonly unknown[]
  ? number extends Value["length"]
    ? Value extends readonly [unknown, ...unknown[]]
      ? true
      : false
    : true
  : false;

/** The arrays among the values of a slot: elements make nothing else. A schema without `type` has them among all values. */
type ArraysOf<Slot> =
  unknown extends ValueOf<Slot>
    ? ValueOf<Slot & { readonly type: "array" }>
    : Extract<ValueOf<Slot>, readonly unknown[]>;

type Elements<Param, Options> = Param extends readonly unknown[]
  ? number extends Param["length"]
    ? Param
    : [...elements: Param, options?: Options]
  : never;

type OneArgument<Value, Options> = undefined extends Value
  ? [value?: Value, options?: Options]
  : [value: Value, options?: Options];
