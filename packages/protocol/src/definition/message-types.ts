/**
 * Types that carry a protocol through a transport's type parameters, so that a `Client` made from the transport knows it.
 *
 * They exist for the compiler only: transports move frames, and no value of these types is ever made.
 */

/**
 * What clients of `Protocol` send. A client's transport takes the server's messages first:
 * `new SocketTransport<AnyServerMessageOf<Shop>, AnyClientMessageOf<Shop>>({ socket })`; a server's the other way round.
 */
export interface AnyClientMessageOf<in out Protocol> {
  readonly "~sluice": { readonly sentBy: "client"; readonly protocol: Protocol };
}

/** What servers of `Protocol` send. */
export interface AnyServerMessageOf<in out Protocol> {
  readonly "~sluice": { readonly sentBy: "server"; readonly protocol: Protocol };
}

/**
 * The part of a transport that carries types: what it takes in, what it sends out. `never` stands for "nothing is known",
 * and fits every peer. A transport class with these type parameters says
 * `declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"]`.
 */
export interface MovedMessages<Incoming, Outgoing> {
  /** Never there at run time. */
  readonly "~sluice"?: { readonly incoming: Incoming; readonly outgoing: Outgoing } | undefined;
}

/** The messages that a client of `Protocol` takes in; of `never`, nothing is known. */
export type ToClient<Protocol> = [Protocol] extends [never] ? never : AnyServerMessageOf<Protocol>;

/** The messages that a server of `Protocol` takes in; of `never`, nothing is known. */
export type ToServer<Protocol> = [Protocol] extends [never] ? never : AnyClientMessageOf<Protocol>;
